import * as L from "leaflet";
import "leaflet/dist/leaflet.css";
import "../../css/pin.css";
import { gridLayer } from "./grid_layer";

interface Town {
  readonly id?: number | string;
  readonly name: string;
  readonly lat: number;
  readonly lng: number;
}

const CLOSE = 16;
const MIDDLE_OF_JAPAN: L.LatLngTuple = [36.2, 138.2];

/**
 * A map for dropping a pin on a house.
 *
 *   <div data-pin-map data-lat="38.29" data-lng="141.00" data-tile-url="" data-tile-credit=""
 *        data-towns="id of a json_script: [{id?, name, lat, lng}]" data-town-input="id of the town's field"
 *        data-lat-input="id_latitude" data-lng-input="id_longitude" [data-read-only]></div>
 *
 * The fields' values are the pin; data-lat and data-lng say where to look first (read-only: where the pin is).
 * Works with no tiles at all: a plain grid and the names of the towns show where one is. Without a mouse:
 * arrow keys move the map, and the button puts the pin into its middle.
 */
export function openPinMap(place: HTMLElement): void {
  place.dataset["pinReady"] = "yes";
  place.classList.add("pin-map");
  const towns = readTowns(place.dataset["towns"]);
  const latInput = field(place, "latInput", "latitude");
  const lngInput = field(place, "lngInput", "longitude");
  const readOnly = place.hasAttribute("data-read-only");
  const map = L.map(place, { preferCanvas: true, zoomSnap: 1, maxZoom: 19, minZoom: 5 });
  map.attributionControl.setPrefix(false);
  const tiles = place.dataset["tileUrl"] ?? "";
  if (tiles) {
    L.tileLayer(tiles, { maxZoom: 19, maxNativeZoom: 18, attribution: place.dataset["tileCredit"] ?? "" }).addTo(map);
  } else {
    gridLayer().addTo(map);
  }
  const labels: L.Tooltip[] = [];
  for (const town of towns) {
    const dot = L.circleMarker([town.lat, town.lng], { radius: 4, color: "#45505b", weight: 2, fillOpacity: 1, fillColor: "#fff" })
      .bindTooltip(town.name, { permanent: true, direction: "right", className: "pin-map__town" })
      .addTo(map);
    const label = dot.getTooltip();
    if (label) labels.push(label);
  }
  // After this frame: the map moves its labels once all who listen have been told.
  map.on("load zoomend moveend resize", () => setTimeout(() => thinOut(labels)));

  const icon = L.divIcon({ className: "pin-map__pin", iconSize: [40, 52], iconAnchor: [20, 52], html: PIN });
  const pin = L.marker(MIDDLE_OF_JAPAN, { icon, draggable: !readOnly, keyboard: false, title: "訪問先" });
  const say = document.createElement("p");
  say.className = "pin-map__say";
  say.setAttribute("role", "status");

  const put = (at: L.LatLng, { tell }: { tell: boolean }): void => {
    pin.setLatLng(at).addTo(map);
    if (latInput) latInput.value = at.lat.toFixed(6);
    if (lngInput) lngInput.value = at.lng.toFixed(6);
    if (tell) {
      say.textContent = `地図に印を付けました（北緯${at.lat.toFixed(5)}度・東経${at.lng.toFixed(5)}度）。`;
      latInput?.dispatchEvent(new Event("change", { bubbles: true }));
    }
  };

  const pinned = readOnly ? placeOf(place.dataset["lat"], place.dataset["lng"]) : placeOf(latInput?.value, lngInput?.value);
  const start = pinned ?? placeOf(place.dataset["lat"], place.dataset["lng"]);
  if (pinned) pin.setLatLng(pinned).addTo(map);
  if (start) {
    map.setView(start, CLOSE);
  } else if (towns.length) {
    map.fitBounds(L.latLngBounds(towns.map((town): L.LatLngTuple => [town.lat, town.lng])).pad(0.1));
  } else {
    map.setView(MIDDLE_OF_JAPAN, 5);
  }
  // A map inside a closed <details> has no size yet.
  new ResizeObserver(() => map.invalidateSize()).observe(place);
  if (readOnly) return;

  map.on("click", (event) => put(event.latlng, { tell: true }));
  pin.on("dragend", () => put(pin.getLatLng(), { tell: true }));
  // The numbers may also be typed, or emptied to take the pin away.
  for (const input of [latInput, lngInput]) {
    input?.addEventListener("input", () => {
      const typed = placeOf(latInput?.value, lngInput?.value);
      if (!typed) pin.remove();
      else map.setView(pin.setLatLng(typed).addTo(map).getLatLng());
    });
  }
  say.textContent = pinned ? "印を動かすと、場所を直せます。" : "地図を押すと、印を付けられます。";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = "地図の中央に印を付ける";
  button.addEventListener("click", () => put(map.getCenter(), { tell: true }));
  const foot = document.createElement("div");
  foot.className = "pin-map__foot";
  foot.append(button, say);
  place.after(foot);
  followTown(place, towns, () => Boolean(latInput?.value), (town) => map.setView([town.lat, town.lng], CLOSE));
}

const PIN =
  '<svg viewBox="0 0 40 52" width="40" height="52" aria-hidden="true"><path d="M20 51C31 36 38 28 38 19a18 18 0 1 0-36 0c0 9 7 17 18 32z" fill="#a3150e" stroke="#fff" stroke-width="3"/><circle cx="20" cy="19" r="7" fill="#fff"/></svg>';

function readTowns(id: string | undefined): Town[] {
  const script = id ? document.getElementById(id) : null;
  return script?.textContent ? (JSON.parse(script.textContent) as Town[]) : [];
}

function field(place: HTMLElement, key: "latInput" | "lngInput", name: string): HTMLInputElement | null {
  const id = place.dataset[key];
  const found = id ? document.getElementById(id) : place.closest("form")?.querySelector(`input[name$="${name}"]`);
  return found instanceof HTMLInputElement ? found : null;
}

function placeOf(lat: string | undefined, lng: string | undefined): L.LatLng | null {
  const north = Number.parseFloat(lat ?? "");
  const east = Number.parseFloat(lng ?? "");
  const onEarth = Math.abs(north) <= 90 && Math.abs(east) <= 180;
  return onEarth ? L.latLng(north, east) : null; // NaN is not on earth either
}

/** Names that would lie on one another: the first stays, the others wait for a closer look. */
function thinOut(labels: readonly L.Tooltip[]): void {
  const taken: DOMRect[] = [];
  for (const label of labels) {
    const element = label.getElement();
    if (!element) continue;
    element.hidden = false;
    const box = element.getBoundingClientRect();
    const covered = taken.some(
      (other) => box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom,
    );
    element.hidden = covered;
    if (!covered) taken.push(box);
  }
}

function followTown(place: HTMLElement, towns: readonly Town[], hasPin: () => boolean, go: (town: Town) => void): void {
  const input = document.getElementById(place.dataset["townInput"] ?? "");
  input?.addEventListener("change", () => {
    const value = (input as HTMLSelectElement | HTMLInputElement).value;
    const town = towns.find((each) => String(each.id ?? each.name) === value);
    if (town) go(town);
  });
  // What the server understood of the typed text (高橋1 → 高橋一丁目) comes back with `data-town-meant`.
  document.addEventListener("htmx:afterSwap", (event) => {
    const meant = (event.target as HTMLElement).querySelector<HTMLElement>("[data-town-meant]")?.dataset["townMeant"];
    const town = meant === undefined ? undefined : towns.find((each) => each.name === meant);
    if (town && !hasPin()) go(town);
  });
}
