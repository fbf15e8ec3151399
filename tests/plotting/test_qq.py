import dask.array as da
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from numpy.testing import assert_allclose
from scipy import special, stats

from skgauss import GaussianGradientMLE, GaussianOutlierDetector, QQDisplay
from skgauss.plotting.style import VERMILLION


def heights(display):
    return np.asarray(display.points_.get_offsets())[:, 1]


def outside(display):
    """Share of the rows that are drawn outside the band."""
    return (display.points_.get_facecolor() == to_rgba(VERMILLION)).all(axis=1).mean()


def test_complete_rows_are_drawn_at_their_squared_distances(table):
    model = GaussianGradientMLE().fit(table)
    display = QQDisplay.from_estimator(model, table)
    assert_allclose(heights(display), np.sort(model.mahalanobis(table)), rtol=1e-12)


def test_rows_with_gaps_are_held_to_their_own_standard(table):
    """A row is drawn where a complete row has the p-value that the detector gives this one."""
    gaps = table.copy()
    gaps[::3, 0] = gaps[1::4, 2] = np.nan
    gaps[12] = np.nan
    detector = GaussianOutlierDetector().fit(gaps)
    display = QQDisplay.from_estimator(detector, gaps)
    p_values = np.exp(detector.score_samples(np.delete(gaps, 12, axis=0)))
    assert_allclose(stats.chi2.sf(heights(display), 3), np.sort(p_values)[::-1], rtol=1e-8)


def test_rows_of_dask_are_drawn_where_those_in_memory_are(table):
    table[::3, 0] = np.nan
    model = GaussianGradientMLE().fit(table)
    lazy = QQDisplay.from_estimator(model, da.from_array(table, chunks=(7, 2)))
    assert_allclose(heights(lazy), heights(QQDisplay.from_estimator(model, table)), rtol=1e-12)


def test_the_band_holds_its_share_of_gaussian_samples_at_each_rank(rng):
    """Against sorted draws of the chi-square distribution."""
    display = QQDisplay(distances=np.ones(20), n_features=3)
    lower, median, upper = display._quantiles(0.9)
    draws = np.sort(rng.chisquare(3, (10_000, 20)), axis=1)
    assert_allclose(((lower < draws) & (draws < upper)).mean(axis=0), 0.9, atol=0.015)
    assert_allclose((draws < median).mean(axis=0), 0.5, atol=0.02)


def test_gaussian_rows_lie_inside_and_heavy_tails_outside(rng):
    gaussian = rng.standard_normal((400, 3))
    heavy = gaussian / np.sqrt(rng.chisquare(4, (400, 1)) / 4)  # multivariate t
    assert outside(QQDisplay.from_estimator(GaussianGradientMLE().fit(gaussian), gaussian)) < 0.05
    heavy_display = QQDisplay.from_estimator(GaussianGradientMLE().fit(heavy), heavy)
    assert outside(heavy_display) > 0.2
    assert heights(heavy_display)[-1] > 2 * heavy_display.line_.get_ydata()[-1]


def test_a_row_whose_p_value_underflows_has_a_place_of_its_own():
    """Of independent standard values, of which two show no less than an exponential distance."""
    model = GaussianGradientMLE().fit(np.array([[1, 1], [1, -1], [-1, 1], [-1, -1.0]]))
    far = np.array([50.0, 1e3, 1e6])
    drawn = heights(QQDisplay.from_estimator(model, np.column_stack((far, np.full(3, np.nan)))))
    assert_allclose(drawn, -2 * (np.log(2) + special.log_ndtr(-far)), rtol=1e-14)


def test_limits_are_refused(table):
    edge = table.min(axis=0)
    for limits, why in (
        ({"censoring_limits": (edge + 0.5, None)}, "known exactly or missing"),
        ({"truncation_limits": (edge, None)}, r"inside truncation_limits .* truncated=True"),
    ):
        model = GaussianGradientMLE(covariance_type="diag", **limits).fit(table)
        with pytest.raises(ValueError, match=why):
            QQDisplay.from_estimator(model, table)
    beyond = GaussianGradientMLE(censoring_limits=(edge - 1, None)).fit(table)  # which none reaches
    QQDisplay.from_estimator(beyond, table)


def test_frames_are_rows(frame):
    QQDisplay.from_estimator(GaussianGradientMLE().fit(frame), frame)


def test_marginals_are_drawn_too(table):
    QQDisplay.from_estimator(GaussianGradientMLE().fit(table).marginal([0, 2]), table[:, [0, 2]])


@pytest.mark.parametrize("level", [0.0, 1.0, 95, "a"])
def test_what_is_no_level(table, level):
    with pytest.raises(ValueError, match="must be a number between 0 and 1"):
        QQDisplay.from_estimator(GaussianGradientMLE().fit(table), table, level=level)


def test_what_has_no_distances(table):
    model = GaussianGradientMLE().fit(table)
    with pytest.raises(ValueError, match="there are no distances"):
        QQDisplay.from_estimator(model, np.full((2, 3), np.nan))
    with pytest.raises(ValueError, match="2 features"):
        QQDisplay.from_estimator(model, table[:, :2])


def legend(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_the_legend_counts_the_rows_outside_the_band(rng):
    X = rng.standard_normal((100, 2))
    X[:7] *= 10
    display = QQDisplay.from_estimator(GaussianGradientMLE().fit(X), X)
    number = round(100 * outside(display))
    assert 7 <= number < 100
    assert legend(display)[1:] == [f"{number} of 100 rows outside the band"]
    handle = display.ax_.get_legend().legend_handles[1]
    assert (handle.get_facecolor() == to_rgba(VERMILLION)).all()


def test_rows_that_are_all_in_the_band_or_of_one_colour_have_no_entry_in_the_legend(rng):
    quantiles = QQDisplay(distances=np.ones(20), n_features=2)._quantiles(0.95)[1]
    assert len(legend(QQDisplay(distances=quantiles, n_features=2).plot())) == 1
    far = QQDisplay(distances=3 * quantiles, n_features=2)
    assert len(legend(far.plot())) == 2
    for style in ({"color": "red"}, {"c": np.arange(20)}):
        assert len(legend(far.plot(scatter_kwargs=style))) == 1


def test_level_and_styles_are_respected(table):
    model, style = GaussianGradientMLE().fit(table), {"color": "red", "s": 50}
    display = QQDisplay.from_estimator(model, table, level=0.5, scatter_kwargs=style)
    assert display.points_.get_sizes() == [50]
    assert len(display.points_.get_facecolor()) == 1
    assert legend(display) == ["0.5 of Gaussian samples"]
