import * as L from "leaflet";

/** A plain grid, drawn on the tiles of a layer that fetches nothing. */
export function gridLayer(): L.GridLayer {
  const Grid = L.GridLayer.extend({
    createTile(): HTMLElement {
      const tile = document.createElement("div");
      tile.className = "pin-map__grid";
      return tile;
    },
  }) as unknown as new (options: L.GridLayerOptions) => L.GridLayer;
  return new Grid({ maxZoom: 19, attribution: "地図画像なし（方眼と町丁目の位置）" });
}
