import dataclasses

import pytest
import torch
from conftest import CPU, FAMILIES, first_of, on_digits

from vizmodels.data.bundled import digits
from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.errors import InvalidExperiment, TrainingDiverged, TrainingStopped
