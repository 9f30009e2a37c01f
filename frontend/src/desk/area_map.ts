import * as L from "leaflet";
import "leaflet/dist/leaflet.css";
import "../../css/pin.css";
import "../../css/area_map.css";
import { element } from "../field/elements";
import { gridLayer } from "./grid_layer";
import { clusters, CRISIS, HAZARD, PIN, unpack, type Cluster, type Packed, type Point } from "./points";

const CELL = 56;
const ASK_EVERY_MS = 30_000;
const CLOSE = 16;
// Colour and letter of each word, in the order of intake/maps/points.py WORDS: colour alone says nothing to many.
const LOOKS: readonly (readonly [string, string])[] = [
  ["#0b4a7d", "受"], ["#5b3a8c", "調"], ["#8a5a00", "待"], ["#146c43", "活"], ["#5d6872", "保"], ["#b9c1c7", "済"],
];
const SHOWN_FIRST = new Set([0, 1, 2, 3, 4]);
const NOTE_MARKS: Record<string, string> = {
  closed_road: "止", hazard: "危", evacuation: "避", dump_site: "ご", way_in: "入", parking: "P", toilet: "水", other: "メ",
};

interface Round {
  readonly name: string;
  readonly points: readonly { readonly number: number; readonly lat: number; readonly lng: number; readonly name: string }[];
}

/**
 * The staff's map.
 *
 *   <div data-area-map data-lat data-lng data-tile-url data-tile-credit
 *        [data-points-url data-need-url data-kinds="id of a json_script"]     requests, notes and towns, asked for again and again
 *        [data-lat-input data-lng-input]                                      where a press on the map is written
 *        [data-zones="id of a json_script" data-zone-input]                   danger zones, and where a new one's corners are written
 *        [data-rounds="id of a json_script"]></div>                           the visits of a day, numbered
 *
 * Works with no tiles: a plain grid and the names of the towns.
 */
export function openAreaMap(place: HTMLElement): void {
  place.dataset["mapReady"] = "yes";
  place.classList.add("pin-map", "area-map");
  const { lat, lng, tileUrl, tileCredit } = place.dataset;
  const map = L.map(place, { preferCanvas: true, zoomSnap: 1, maxZoom: 19, minZoom: 5 });
  map.attributionControl.setPrefix(false);
  if (tileUrl) L.tileLayer(tileUrl, { maxZoom: 19, maxNativeZoom: 18, attribution: tileCredit ?? "" }).addTo(map);
  else gridLayer().addTo(map);
  map.setView([Number(lat), Number(lng)], 14);
  new ResizeObserver(() => map.invalidateSize()).observe(place);
  const rounds = json<Round[]>(place.dataset["rounds"]);
  if (rounds) drawRounds(map, rounds, [Number(lat), Number(lng)]);
  if (place.dataset["pointsUrl"]) void new Requests(place, map).begin();
  wireNewNote(place, map);
  if (place.dataset["zones"]) wireZones(place, map);
}

// ── requests, notes and towns ──────────────────────────────────────────────────────────────────

class Requests {
  private readonly drawn = L.layerGroup();
  private readonly notes = L.layerGroup();
  private readonly towns = L.layerGroup();
  private readonly shown = new Set(SHOWN_FIRST);
  private readonly kinds: Record<string, string>;
  private points: Point[] = [];
  private words: readonly string[] = [];
  private etag = "";
  private fitted = false;
  /** All clusters of this zoom, once worked out; those in view have a marker, which stays as long as they do. */
  private found: { readonly zoom: number; readonly clusters: readonly Cluster[] } | null = null;
  private readonly markers = new Map<Cluster, L.Marker>();
  private reading = false;
  private came: Packed | null = null;

  constructor(
    private readonly place: HTMLElement,
    private readonly map: L.Map,
  ) {
    this.kinds = json<Record<string, string>>(place.dataset["kinds"]) ?? {};
    for (const layer of [this.towns, this.drawn, this.notes]) layer.addTo(map);
    map.on("zoomend moveend resize", () => this.draw());
    map.on("popupopen", () => {
      this.reading = true;
    });
    map.on("popupclose", () => {
      this.reading = false;
      if (this.came) this.take(this.came);
    });
  }

  async begin(): Promise<void> {
    await this.ask();
    setInterval(() => {
      if (!document.hidden) void this.ask();
    }, ASK_EVERY_MS);
  }

  private async ask(): Promise<void> {
    let response: Response;
    try {
      response = await fetch(this.place.dataset["pointsUrl"] ?? "", { cache: "no-cache", headers: { Accept: "application/json" } });
    } catch {
      return; // no network: the map stays as it was
    }
    const etag = response.headers.get("ETag") ?? "";
    if (!response.ok || (etag && etag === this.etag)) return;
    this.etag = etag;
    const packed = (await response.json()) as Packed;
    if (this.reading) this.came = packed; // what somebody reads is not pulled away
    else this.take(packed);
  }

  private take(packed: Packed): void {
    this.came = null;
    this.points = unpack(packed);
    this.found = null;
    this.words = packed.words;
    this.drawNotes(packed);
    this.drawTowns(packed);
    this.drawLegend(packed.nowhere);
    if (!this.fitted && this.points.length) {
      this.fitted = true;
      this.map.fitBounds(L.latLngBounds(this.points.map(({ lat, lng }): L.LatLngTuple => [lat, lng])).pad(0.05), { maxZoom: CLOSE, animate: false });
    }
    this.draw();
    this.place.dataset["points"] = String(this.points.length);
  }

  /** A pan draws only what comes into view: putting a thousand markers up anew costs a tablet a fifth of a second. */
  private draw(): void {
    const { map, markers } = this;
    const zoom = map.getZoom();
    if (this.found?.zoom !== zoom) {
      const shown = this.points.filter(({ word }) => this.shown.has(word));
      this.found = { zoom, clusters: clusters(shown, ({ lat, lng }) => map.project([lat, lng], zoom), CELL) };
      this.drawn.clearLayers();
      markers.clear();
    }
    const { min, max } = map.getPixelBounds();
    const [wide, high] = [((max?.x ?? 0) - (min?.x ?? 0)) * 0.2, ((max?.y ?? 0) - (min?.y ?? 0)) * 0.2];
    for (const cluster of this.found.clusters) {
      const { x, y, points } = cluster;
      const [one] = points;
      const inView = min && max && x >= min.x - wide && x <= max.x + wide && y >= min.y - high && y <= max.y + high;
      const marker = markers.get(cluster);
      if (inView && one && !marker) {
        const made = points.length === 1 ? this.single(one) : this.many(points, map.unproject([x, y], zoom));
        markers.set(cluster, made.addTo(this.drawn));
      } else if (!inView && marker && !marker.isPopupOpen()) {
        this.drawn.removeLayer(marker);
        markers.delete(cluster);
      }
    }
  }

  /** Something else is to be shown than before. */
  private redraw(): void {
    this.found = null;
    this.draw();
  }

  private single(point: Point): L.Marker {
    const [colour, letter] = LOOKS[point.word] ?? LOOKS[0]!;
    const marks = `${point.flags & CRISIS ? " area-map__dot--crisis" : ""}${point.flags & HAZARD ? " area-map__dot--hazard" : ""}`;
    const icon = L.divIcon({ className: "area-map__place", iconSize: [36, 36], html: `<span class="area-map__dot area-map__dot--${point.word}${marks}">${letter}</span>` });
    return L.marker([point.lat, point.lng], { icon, title: this.said(point), alt: this.said(point), riseOnHover: true })
      .bindPopup(() => this.popup([point]), { minWidth: 220 })
      .on("add", (event) => (event.target as L.Marker).getElement()?.style.setProperty("--dot", colour));
  }

  /** A number instead of dots on dots. A press comes closer; where nothing is closer it lists them. */
  private many(points: readonly Point[], at: L.LatLng): L.Marker {
    const size = points.length < 10 ? 40 : points.length < 100 ? 48 : 58;
    const urgent = points.some(({ flags }) => flags & CRISIS) ? " area-map__many--crisis" : "";
    const icon = L.divIcon({ className: "area-map__place", iconSize: [size, size], html: `<span class="area-map__many${urgent}">${points.length}</span>` });
    const marker = L.marker(at, { icon, title: `${points.length}件`, alt: `${points.length}件`, riseOnHover: true });
    const bounds = L.latLngBounds(points.map(({ lat, lng }): L.LatLngTuple => [lat, lng]));
    const together = bounds.getNorthEast().equals(bounds.getSouthWest(), 0.00005) || this.map.getZoom() >= this.map.getMaxZoom();
    if (together) marker.bindPopup(() => this.popup(points), { minWidth: 220, maxHeight: 260 });
    else marker.on("click", () => this.map.fitBounds(bounds.pad(0.1), { maxZoom: 19 }));
    return marker;
  }

  private said({ number, word, flags }: Point): string {
    const more = [flags & CRISIS ? "危機介入" : "", flags & HAZARD ? "危険あり" : ""].filter(Boolean).join("・");
    return `N${number} ${this.words[word] ?? ""}${more ? `（${more}）` : ""}`;
  }

  private popup(points: readonly Point[]): HTMLElement {
    const list = element("ul", "area-map__list");
    const needUrl = this.place.dataset["needUrl"] ?? "";
    for (const point of points.slice(0, 100)) {
      const line = element("li", "");
      if (point.id && needUrl) {
        const link = document.createElement("a");
        link.href = needUrl.replace("/0/", `/${point.id}/`);
        link.append(this.said(point));
        line.append(link);
      } else line.append(this.said(point));
      if (!(point.flags & PIN)) line.append(element("span", "muted", "（町丁目の中心）"));
      list.append(line);
    }
    if (points.length > 100) list.append(element("li", "muted", `ほか${points.length - 100}件`));
    return list;
  }

  private drawNotes({ notes }: Packed): void {
    this.notes.clearLayers();
    for (const [, kind, text, lat, lng] of notes) {
      const icon = L.divIcon({ className: "area-map__place", iconSize: [34, 34], html: `<span class="area-map__note area-map__note--${kind}">${NOTE_MARKS[kind] ?? "メ"}</span>` });
      const words = `${this.kinds[kind] ?? ""}：${text}`;
      L.marker([lat, lng], { icon, title: words, alt: words, zIndexOffset: 500 }).bindPopup(() => element("p", "", words)).addTo(this.notes);
    }
  }

  private drawTowns({ towns }: Packed): void {
    this.towns.clearLayers();
    for (const [name, lat, lng] of towns) {
      L.circleMarker([lat, lng], { radius: 3, color: "#45505b", weight: 1, fillOpacity: 1, fillColor: "#fff", interactive: true })
        .bindTooltip(name, { direction: "right", className: "pin-map__town" })
        .addTo(this.towns);
    }
  }

  private drawLegend(nowhere: number): void {
    const counts = this.words.map((_, word) => this.points.filter((point) => point.word === word).length);
    const legend = element("div", "area-map__legend");
    this.words.forEach((name, word) => {
      const [colour, letter] = LOOKS[word] ?? LOOKS[0]!;
      const box = document.createElement("input");
      box.type = "checkbox";
      box.checked = this.shown.has(word);
      box.addEventListener("change", () => {
        if (box.checked) this.shown.add(word);
        else this.shown.delete(word);
        this.redraw();
      });
      const dot = element("span", `area-map__dot area-map__dot--${word}`, letter);
      dot.style.setProperty("--dot", colour);
      const words = element("span", "", `${name} `, element("span", "nowrap", `${counts[word] ?? 0}件`));
      legend.append(element("label", "choice", box, dot, words));
    });
    if (nowhere) legend.append(element("p", "", `場所が分からないもの ${nowhere}件`));
    this.place.parentElement?.querySelector(".area-map__legend")?.remove();
    this.place.before(legend);
  }
}

// ── the visits of a day ────────────────────────────────────────────────────────────────────────

function drawRounds(map: L.Map, rounds: readonly Round[], start: L.LatLngTuple): void {
  const colours = ["#0b4a7d", "#5b3a8c", "#8a5a00", "#146c43", "#8f130d"];
  const bounds = L.latLngBounds([start]);
  L.circleMarker(start, { radius: 7, color: "#17212b", fillColor: "#ffd43b", fillOpacity: 1, weight: 3 }).bindTooltip("出発", { permanent: true, direction: "right", className: "pin-map__town" }).addTo(map);
  rounds.forEach(({ name, points }, i) => {
    const colour = colours[i % colours.length] ?? "#0b4a7d";
    const way = points.map(({ lat, lng }): L.LatLngTuple => [lat, lng]);
    L.polyline([start, ...way], { color: colour, weight: 3, dashArray: "2 8" }).addTo(map);
    for (const { number, lat, lng, name: visit } of points) {
      bounds.extend([lat, lng]);
      const icon = L.divIcon({ className: "area-map__place", iconSize: [36, 36], html: `<span class="area-map__dot">${number}</span>` });
      L.marker([lat, lng], { icon, title: `${name} ${visit}`, alt: `${name} ${visit}` })
        .bindPopup(() => element("p", "", `${name}　${number}．${visit}`))
        .on("add", (event) => (event.target as L.Marker).getElement()?.style.setProperty("--dot", colour))
        .addTo(map);
    }
  });
  map.fitBounds(bounds.pad(0.15), { maxZoom: CLOSE, animate: false });
}

// ── a new note ─────────────────────────────────────────────────────────────────────────────────

function wireNewNote(place: HTMLElement, map: L.Map): void {
  const [lat, lng] = [place.dataset["latInput"], place.dataset["lngInput"]].map((id) => (id ? document.getElementById(id) : null));
  if (!(lat instanceof HTMLInputElement) || !(lng instanceof HTMLInputElement)) return;
  const icon = L.divIcon({ className: "area-map__place", iconSize: [34, 34], html: '<span class="area-map__note area-map__note--new">＋</span>' });
  const mark = L.marker([0, 0], { icon, draggable: true, zIndexOffset: 1000, title: "新しい地図メモ" });
  const put = (at: L.LatLng): void => {
    mark.setLatLng(at).addTo(map);
    lat.value = at.lat.toFixed(6);
    lng.value = at.lng.toFixed(6);
  };
  const typed = L.latLng(Number.parseFloat(lat.value) || 0, Number.parseFloat(lng.value) || 0);
  if (lat.value && lng.value) put(typed);
  map.on("click", (event) => put(event.latlng));
  mark.on("dragend", () => put(mark.getLatLng()));
}

// ── danger zones ───────────────────────────────────────────────────────────────────────────────

interface Zone {
  readonly name: string;
  readonly points: readonly L.LatLngTuple[];
}

/** Each press on the map is one more corner; the button of the form takes the last one away. */
function wireZones(place: HTMLElement, map: L.Map): void {
  const red = { color: "#a3150e", weight: 3, fillOpacity: 0.15 };
  for (const { name, points } of json<Zone[]>(place.dataset["zones"]) ?? []) {
    L.polygon([...points], { ...red, interactive: false }).bindTooltip(name, { permanent: true, direction: "center", className: "pin-map__town" }).addTo(map);
  }
  const input = document.getElementById(place.dataset["zoneInput"] ?? "");
  if (!(input instanceof HTMLInputElement)) return;
  const sent: unknown = input.value ? JSON.parse(input.value) : [];
  const corners: L.LatLngTuple[] = Array.isArray(sent) ? (sent as L.LatLngTuple[]) : [];
  const shape = L.polygon([], { ...red, dashArray: "8 6", interactive: false }).addTo(map);
  const dots = L.layerGroup().addTo(map);
  const draw = (): void => {
    shape.setLatLngs(corners);
    dots.clearLayers();
    for (const corner of corners) L.circleMarker(corner, { radius: 7, color: "#a3150e", fillColor: "#fff", fillOpacity: 1, weight: 3, interactive: false }).addTo(dots);
    input.value = corners.length ? JSON.stringify(corners) : "";
    const said = document.querySelector("[data-zone-count]");
    if (said) said.textContent = `かど ${corners.length}か所`;
  };
  map.on("click", ({ latlng }) => {
    corners.push([Number(latlng.lat.toFixed(6)), Number(latlng.lng.toFixed(6))]);
    draw();
  });
  document.querySelector("[data-zone-undo]")?.addEventListener("click", () => {
    corners.pop();
    draw();
  });
  draw();
}

function json<T>(id: string | undefined): T | null {
  const script = id ? document.getElementById(id) : null;
  return script?.textContent ? (JSON.parse(script.textContent) as T) : null;
}
