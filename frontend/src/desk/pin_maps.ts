/** Fetches the map's code only on pages that have a map: `<div data-pin-map …>` (see pin.ts). */
export function wirePinMaps(root: ParentNode): void {
  const places = [...root.querySelectorAll<HTMLElement>("[data-pin-map]:not([data-pin-ready])")];
  if (places.length === 0) return;
  void import("./pin").then(({ openPinMap }) => {
    for (const place of places) openPinMap(place);
  });
}
