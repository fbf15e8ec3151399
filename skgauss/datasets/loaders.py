"""The loaders, and the one reader behind them."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import Bunch


def load_michelson(*, as_frame: bool = False) -> Bunch:
    """Load Michelson's measurements of the speed of light (one feature).

    A hundred measurements of 1879, in thousands of km/s, whose mean and standard deviation NIST
    certifies to 15 digits. In the public domain.

    Parameters
    ----------
    as_frame : bool, default=False
        Whether `data` is a pandas data frame.

    Returns
    -------
    Bunch
        With the attributes

        - `data`, array or data frame of shape (100, 1);
        - `feature_names`, list of str;
        - `frame`, the file as a data frame, or None without `as_frame`;
        - `DESCR`, str, the description, with source and licence;
        - `filename`, str, the path of the file.

    Examples
    --------
    >>> from skgauss.datasets import load_michelson
    >>> print(load_michelson().data.mean().round(4))
    299.8524
    """
    return _load("michelson", as_frame)


def load_airquality(*, as_frame: bool = False) -> Bunch:
    """Load daily readings of the air in New York (missing values).

    Ozone, solar radiation, wind and temperature on 153 days of 1973; 37 values of the ozone and
    7 of the radiation are missing. Published by Chambers, Cleveland, Kleiner and Tukey (1983).

    Parameters
    ----------
    as_frame : bool, default=False
        Whether `data` is a pandas data frame.

    Returns
    -------
    Bunch
        With the attributes

        - `data`, array or data frame of shape (153, 4), NaN where a value is missing;
        - `feature_names`, list of str;
        - `frame`, the file as a data frame, also with the columns Month and Day, or None
          without `as_frame`;
        - `DESCR`, str, the description, with source and licence;
        - `filename`, str, the path of the file.

    Examples
    --------
    >>> from skgauss.datasets import load_airquality
    >>> load_airquality(as_frame=True).data.isna().sum().to_dict()
    {'Ozone': 37, 'Solar.R': 7, 'Wind': 0, 'Temp': 0}
    """
    return _load("airquality", as_frame, besides=["Month", "Day"])


def load_pfas(*, as_frame: bool = False) -> Bunch:
    """Load nine chemicals in the blood of 198 people (detection limits).

    Perfluoroalkyl substances, in ng/mL of serum, from the National Health and Nutrition
    Examination Survey 2017-2018. Results below the limit of detection, 0.1 ng/mL, are written as
    "<0.1" in the file. In the public domain.

    Parameters
    ----------
    as_frame : bool, default=False
        Whether `data` and `data_upper` are pandas data frames.

    Returns
    -------
    Bunch
        With the attributes

        - `data`, array or data frame of shape (198, 9), NaN where a result is below the limit;
        - `data_upper`, of the same shape, `data` with the limit in place of NaN: a value lies
          between its entries in `data`, where NaN is no bound, and in `data_upper`;
        - `detection_limits`, array of shape (9,);
        - `feature_names`, list of str;
        - `frame`, the file as a data frame, or None without `as_frame`;
        - `DESCR`, str, the description, with source and licence;
        - `filename`, str, the path of the file.

    Examples
    --------
    >>> from skgauss.datasets import load_pfas
    >>> pfas = load_pfas(as_frame=True)
    >>> print(pfas.frame.loc[0, ["PFDA", "MeFOSAA"]].to_list())
    ['0.5', '<0.1']
    >>> print(pfas.data.loc[0, ["PFDA", "MeFOSAA"]].to_list())
    [0.5, nan]
    >>> print(pfas.data_upper.loc[0, ["PFDA", "MeFOSAA"]].to_list())
    [0.5, 0.1]
    """
    bunch = _load("pfas", as_frame, besides=["SEQN"])
    return Bunch(**bunch, detection_limits=np.full(len(bunch.feature_names), 0.1))


def load_galton(*, as_frame: bool = False) -> Bunch:
    """Load Galton's heights of parents and children (classes).

    The table of 1886 with 928 children, in classes one inch wide: each row is a cell of the
    table. In the public domain.

    Parameters
    ----------
    as_frame : bool, default=False
        Whether `data` and `data_upper` are pandas data frames.

    Returns
    -------
    Bunch
        With the attributes

        - `data`, array or data frame of shape (102, 2), the lower ends of the classes of the
          mid-height of the parents and of the child, NaN where a class has none;
        - `data_upper`, of the same shape, the upper ends;
        - `sample_weight`, array of shape (102,), the number of children in each cell;
        - `feature_names`, list of str;
        - `frame`, the file as a data frame, or None without `as_frame`;
        - `DESCR`, str, the description, with source and licence;
        - `filename`, str, the path of the file.

    Examples
    --------
    >>> from skgauss.datasets import load_galton
    >>> galton = load_galton()
    >>> print(galton.data[3], galton.data_upper[3], galton.sample_weight[3])
    [72.  68.7] [73.  69.7] 2.0
    """
    return _load("galton", as_frame, weight="count")


def _load(
    title: str, as_frame: bool, besides: Sequence[str] = (), weight: str | None = None
) -> Bunch:
    """Returns a data set read from its file, with `data_upper` if it holds intervals."""
    path = Path(__file__).with_name(f"{title}.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    features = [name for name in rows[0] if name not in (*besides, weight)]
    ends = np.array([[_ends_of_range(row[feature]) for feature in features] for row in rows])
    lower, upper = np.moveaxis(ends, -1, 0)
    tables: dict[str, Any] = {"data": lower}
    frame = None
    if not np.array_equal(lower, upper, equal_nan=True):
        tables["data_upper"] = upper
    if as_frame:
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                'as_frame=True requires pandas. Install it with: pip install "skgauss[examples]"'
            ) from error

        tables = {key: pd.DataFrame(table, columns=features) for key, table in tables.items()}
        frame = pd.read_csv(path)
    bunch = Bunch(**tables, feature_names=features, frame=frame, filename=str(path))
    bunch.DESCR = path.with_suffix(".rst").read_text(encoding="utf-8")
    if weight:
        bunch.sample_weight = np.array([float(row[weight]) for row in rows])
    return bunch


def _ends_of_range(text: str) -> list[float]:
    """Returns both ends of a cell: 5, <0.1, >73, 64-65, or an empty one. NaN is an open end."""
    open_ended = {"<": ["", text[1:]], ">": [text[1:], ""]}
    ends = open_ended.get(text[:1], text.split("-"))
    return [float(end or "nan") for end in (ends[0], ends[-1])]
