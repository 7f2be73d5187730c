"""What is installed; pyproject.toml cannot map one folder and find the others.

`assets/` becomes part of `vizmodels`, and the app's own script stands beside its settings, where
Streamlit looks for them.
"""

from setuptools import find_packages, setup

ASSETS, START = "vizmodels._assets", "pages._start"

setup(
    packages=[*find_packages(include=["vizmodels*", "pages*"]), ASSETS, START],
    package_dir={ASSETS: "assets", START: "."},
    package_data={ASSETS: ["*", "**/*"], START: [".streamlit/config.toml"]},
    exclude_package_data={ASSETS: ["figures/*"]},
    include_package_data=False,
)
