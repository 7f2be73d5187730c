"""Models and pictures in the forms that leave this process."""
