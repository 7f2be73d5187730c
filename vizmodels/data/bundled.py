"""Image sets that come with the installation: always there, never downloaded."""

import numpy as np
import torch

from vizmodels.data.image_set import ImageSet, ImageSplit

BUNDLED_NAMES = ("strokes", "digits")

LARGEST_INK = 16  # scikit-learn's digits count the inked pixels of 4×4 blocks: 0..16
N_DIGITS_TEST = 297  # of 1,797, which leaves a round 1,500 to train on
DIGITS_SPLIT_SEED = 0


def digits() -> ImageSet:
    """The 1,797 handwritten 8×8 digits that scikit-learn carries, as uint8 in 0..255.

    Returns
    -------
    ImageSet
        1,500 train and 297 test images of shape (1, 8, 8); classes '0'..'9'.

    Notes
    -----
    Not random: the split is stratified by class and always the same. 20 ms after the import.

    References
    ----------
    E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", UCI, 1998.
    """
    from sklearn.datasets import load_digits  # here: scikit-learn takes seconds to import cold
    from sklearn.model_selection import train_test_split

    ink, classes = load_digits(return_X_y=True)
    pixels = np.rint(ink * (255 / LARGEST_INK)).astype(np.uint8).reshape(-1, 1, 8, 8)
    images, labels = torch.from_numpy(pixels), torch.from_numpy(classes.astype(np.int64))
    train, test = train_test_split(
        np.arange(len(labels)),
        test_size=N_DIGITS_TEST,
        stratify=classes,
        random_state=DIGITS_SPLIT_SEED,
    )
    return ImageSet(
        name="digits",
        image_shape=(1, 8, 8),
        class_names=tuple("0123456789"),
        factor_names=(),
        train=ImageSplit(images[train], labels[train]),
        test=ImageSplit(images[test], labels[test]),
    )
