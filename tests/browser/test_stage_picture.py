"""The pinned picture: its reconstruction, its posterior, its neighbours."""

import json
import re

import numpy as np
import torch
from numpy.testing import assert_allclose
from playwright.sync_api import Page, expect
from stage_site import StageSite
from stage_toys import Toys, frames, pictures, place_of, show_and_remember

SHOWN_PIXELS = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i] / 255);
}"""


def pin(page: Page, xy: np.ndarray) -> int:
    """Pin the picture at a place, open its panel, and give its index."""
    page.mouse.click(*place_of(page, xy))
    page.get_by_role("tab", name="Picture").click()
    page.locator(".pinned canvas").first.wait_for()
    frames(page)
    return page.evaluate("sent.at(-1)[1].index")


def labels_of(page: Page, row: str) -> list[int]:
    group = page.get_by_role("group", name=row, exact=True)
    titles = group.locator("button").evaluate_all("(all) => all.map((b) => b.title)")
    return [int(re.search(r"picture (\d+)", title)[1]) for title in titles]  # type: ignore[index]


def test_a_pinned_picture_is_shown_beside_its_reconstruction(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("vae", "ae"))
    index = pin(page, toys.latents["vae"][7])
    shown = [np.array(c.evaluate(SHOWN_PIXELS)) for c in page.locator(".pinned canvas").all()]
    assert len(shown) == 3
    original = pictures()[0][index].ravel() / 255
    assert_allclose(shown[0], original, atol=1e-6)
    for pixels, key in zip(shown[1:], ("vae", "ae"), strict=True):
        decoded = toys.decoded(key, toys.latents[key][index].tolist())
        assert_allclose(pixels, decoded, atol=0.5 / 255 + 2e-3)
        error = f"{np.square(decoded - original).mean():.3f}"
        assert error[:4] in page.locator(".pinned").inner_text()


def test_a_discrete_vaes_reconstruction_is_of_its_likeliest_classes(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("discrete"))
    index = pin(page, toys.latents["discrete"][7])
    pixels = np.array(page.locator(".pinned canvas").nth(1).evaluate(SHOWN_PIXELS))
    latent = toys.latents["discrete"][index]
    likeliest = [np.eye(3)[latent[at : at + 3].argmax()] for at in (0, 3)]
    code = np.concatenate([*likeliest, latent[6:]]).tolist()
    assert_allclose(pixels, toys.decoded("discrete", code), atol=0.5 / 255 + 2e-3)
    assert np.abs(pixels - toys.decoded("discrete", latent.tolist())).max() > 0.02


def test_the_posterior_is_an_ellipse_of_its_own_standard_deviations(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("vae"))
    index = pin(page, toys.latents["vae"][7])
    image = torch.from_numpy(pictures()[0][index : index + 1]).float() / 255
    mu, log_var = (part[0].numpy() for part in toys.models["vae"].posterior(image))
    sigma = np.exp(0.5 * log_var)
    paths = page.locator(".map[data-model=a] .overlay path.posterior")
    assert paths.count() == 2
    box = page.locator(".map[data-model=a] .plot").bounding_box()
    assert box is not None
    for path, deviations in zip(paths.all(), (1, 2), strict=True):
        d = path.get_attribute("d") or ""
        points = np.array(re.findall(r"[ML](-?\d+) (-?\d+)", d), dtype=float)
        corners = [
            np.subtract(place_of(page, mu + deviations * sign * sigma), (box["x"], box["y"]))
            for sign in (-1, 1)
        ]
        expected = np.abs(np.subtract(*corners))
        assert_allclose(np.ptp(points, axis=0), expected, atol=2.5)
    words = page.locator(".sigmas").inner_text()
    assert f"σ z1 {sigma[0]:.3f}" in words


def test_neighbours_in_latent_space_are_the_nearest(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("deep umap", "deep pca"))
    index = pin(page, toys.latents["deep"][42, :2])
    distance = np.linalg.norm(toys.latents["deep"] - toys.latents["deep"][index], axis=1)
    expected = np.argsort(distance)[1:9].tolist()
    for which in "AB":
        assert labels_of(page, f"Nearest in latent space of {which}") == expected


def test_neighbours_by_pixels_are_asked_of_the_server(
    page: Page, site: StageSite, toys: Toys
) -> None:
    show_and_remember(page, toys.data("vae"))
    for index in range(600):
        answer = {"pictures": [1, 5, index], "squared_errors": [0.1, 0.2, 0.3]}
        site.files[f"/artefacts/points/toy/alike/{index}.json"] = json.dumps(answer).encode()
    index = pin(page, toys.latents["vae"][7])
    expect(page.get_by_role("group", name="Nearest by pixels")).to_be_visible()
    assert labels_of(page, "Nearest by pixels") == [1, 5, index]


def test_without_an_answer_the_rest_is_still_there(page: Page, toys: Toys, site: StageSite) -> None:
    for path in [path for path in site.files if "/alike/" in path]:
        del site.files[path]
    show_and_remember(page, toys.data("vae"))
    pin(page, toys.latents["vae"][7])
    expect(page.locator(".neighbours")).to_contain_text("the server does not answer")
    assert len(labels_of(page, "Nearest in latent space")) == 8
    page.get_by_role("button", name="Unpin").click()
    expect(page.locator(".picture-panel .count")).to_contain_text("Click a point")
    frames(page)
    assert page.locator(".overlay path").count() == 0


def test_pixels_of_colour_pictures_are_exact_although_their_thumbnails_are_not(
    shared_page: Page, site: StageSite
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (230, 3, 9, 7), np.uint8)
    points = site.add_points("colourful", images, None, [])
    first, n = 95, 120  # on three sheets
    got = shared_page.evaluate(
        """async ([points, first, n]) => {
          const { loadPoints } = await import("./stage/main/load.js");
          const { sheets } = await loadPoints(points);
          const [some, one] = [await sheets.pixelsFrom(first, n), await sheets.pixels(7)];
          return [Array.from(some), Array.from(one)];
        }""",
        [points, first, n],
    )
    for found, expected in zip(got, (images[first : first + n], images[7:8]), strict=True):
        pixels = np.array(found, np.float32).reshape(expected.shape)
        np.testing.assert_allclose(pixels, expected / np.float32(255), atol=1e-6)
