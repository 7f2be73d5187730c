/**
 * What tests and benches may ask of a stage.
 */

/** @param {import("./stage.js").Stage} stage */
export function handleOf(stage) {
  return {
    ready: Promise.resolve(),
    stats: stage.stats,
    count: () => stage.points.n,
    decode: (which, z) => stage.models[which].decode(z).slice(),
    encode: (which, pixels) => stage.models[which].encode(pixels),
    panel: (title) => stage.panels.find(title),
    probe: (which = "a") => {
      const { z, pixels } = stage.probe.sides[which];
      return { z: z.slice(), pixels: pixels?.slice() ?? null };
    },
    selected: () => Array.from(stage.selection?.indices ?? []),
    manifold: (which = "a") => stage.maps.views[which].manifold.stats,
  };
}
