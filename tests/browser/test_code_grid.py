"""The codes on offer for a cell follow the picture, but not in every frame of a drag."""

from playwright.sync_api import Page

UPDATED_TEN_TIMES = """
async () => {
  const { CodeGrid } = await import("./stage/codes/code_grid.js");
  let decoded = 0;
  const decode = () => (decoded++, new Float32Array(16));
  const grid = new CodeGrid({ swap() {}, fill() {}, decode });
  document.body.append(grid.element);
  const size = 12;
  const vectors = Float32Array.from({ length: size }, (_, code) => code);
  const colours = Array.from({ length: size }, () => [0, 0, 0]);
  grid.show({ vectors, dim: 1, size, grid: [2, 2], colours }, [1, 4, 4], 1);
  grid.select(3);
  const lists = [];
  const seen = () => [...grid.palette.children].map((button) => Number(button.dataset.code));
  new MutationObserver(() => lists.push(seen())).observe(grid.palette, { childList: true });
  const rest = (ms) => new Promise((done) => setTimeout(done, ms));
  for (let code = 0; code < 10; code++) {
    grid.update(Uint16Array.of(0, 0, 0, code), new Float32Array(16));
    await null;
  }
  const during = lists.length;
  await rest(1000);
  const after = { lists: lists.length, decoded, first: seen()[0], pictured: grid.codes[3] };
  grid.update(Uint16Array.of(0, 0, 0, 4), new Float32Array(16));
  const alone = seen()[0];
  grid.element.remove();
  return { during, ...after, alone };
}
"""


def test_the_codes_on_offer_are_listed_once_the_picture_rests(shared_page: Page) -> None:
    got = shared_page.evaluate(UPDATED_TEN_TIMES)
    assert got["during"] == 1, "the first change, and none of the nine that follow at once"
    assert got["lists"] == 2
    assert got["first"] == got["pictured"] == 9, "the code that is there stands first"
    assert got["decoded"] == 12, "previews of the last list alone"
    assert got["alone"] == 4, "a change by itself is listed at once"
