/**
 * The points nearest to a place on a map, from a two-dimensional k-d tree.
 *
 * A tree rather than a grid: a plain autoencoder's map has far outliers, which would put nearly
 * all points into one cell.
 */

const LEAF = 16; // points that are compared one by one rather than split again

/**
 * @typedef {object} Tree an implicit k-d tree: the middle of every range splits it, x and y in turn
 * @property {Float32Array} xy coordinates in tree order
 * @property {Uint32Array} ids index of each point before the tree was built
 */

/**
 * @param {Float32Array} xy (N, 2)
 * @returns {Tree}
 */
export function buildTree(xy) {
  const tree = { xy: xy.slice(), ids: Uint32Array.from({ length: xy.length / 2 }, (_, i) => i) };
  split(tree, 0, tree.ids.length - 1, 0);
  return tree;
}

function split(tree, left, right, axis) {
  if (right - left <= LEAF) return;
  const middle = (left + right) >> 1;
  select(tree, middle, left, right, axis);
  split(tree, left, middle - 1, 1 - axis);
  split(tree, middle + 1, right, 1 - axis);
}

/** Hoare's quickselect: afterwards no point before `k` is beyond it along the axis. */
function select(tree, k, left, right, axis) {
  while (left < right) {
    const pivot = tree.xy[2 * ((left + right) >> 1) + axis];
    let i = left;
    let j = right;
    while (i <= j) {
      while (tree.xy[2 * i + axis] < pivot) i++;
      while (tree.xy[2 * j + axis] > pivot) j--;
      if (i <= j) swap(tree, i++, j--);
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else return;
  }
}

function swap({ xy, ids }, i, j) {
  [ids[i], ids[j]] = [ids[j], ids[i]];
  [xy[2 * i], xy[2 * j]] = [xy[2 * j], xy[2 * i]];
  [xy[2 * i + 1], xy[2 * j + 1]] = [xy[2 * j + 1], xy[2 * i + 1]];
}

/**
 * The `count` points nearest to (x, y), nearest first.
 * @param {Tree} tree
 * @param {number} x
 * @param {number} y
 * @param {number} count
 * @returns {{ids: number[], distances: number[]}}
 */
export function nearestPoints(tree, x, y, count) {
  const found = { ids: [], squares: [] };
  search(tree, 0, tree.ids.length - 1, 0, [x, y], count, found);
  return { ids: found.ids, distances: found.squares.map(Math.sqrt) };
}

function search(tree, left, right, axis, target, count, found) {
  if (right - left <= LEAF) {
    for (let i = left; i <= right; i++) offer(tree, i, target, count, found);
    return;
  }
  const middle = (left + right) >> 1;
  offer(tree, middle, target, count, found);
  const offset = target[axis] - tree.xy[2 * middle + axis];
  const [nearLow, nearHigh] = offset < 0 ? [left, middle - 1] : [middle + 1, right];
  const [farLow, farHigh] = offset < 0 ? [middle + 1, right] : [left, middle - 1];
  search(tree, nearLow, nearHigh, 1 - axis, target, count, found);
  const full = found.ids.length === count;
  if (!full || offset * offset < found.squares[count - 1]) {
    search(tree, farLow, farHigh, 1 - axis, target, count, found);
  }
}

/** Keep point i if it is among the nearest so far. */
function offer(tree, i, [x, y], count, found) {
  const square = (tree.xy[2 * i] - x) ** 2 + (tree.xy[2 * i + 1] - y) ** 2;
  let at = found.ids.length;
  if (at === count && square >= found.squares[at - 1]) return;
  if (at === count) at--;
  while (at > 0 && found.squares[at - 1] > square) {
    found.squares[at] = found.squares[at - 1];
    found.ids[at] = found.ids[at - 1];
    at--;
  }
  found.squares[at] = square;
  found.ids[at] = tree.ids[i];
}
