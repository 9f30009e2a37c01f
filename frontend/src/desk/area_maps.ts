/** Fetches the map's code only on pages that have one: `<div data-area-map …>` (see area_map.ts). */
export function wireAreaMaps(root: ParentNode): void {
  const places = [...root.querySelectorAll<HTMLElement>("[data-area-map]:not([data-map-ready])")];
  if (places.length === 0) return;
  void import("./area_map").then(({ openAreaMap }) => {
    for (const place of places) openAreaMap(place);
  });
}
