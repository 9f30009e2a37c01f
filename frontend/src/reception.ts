/* The reception tablet's page. */
import "./fonts";
import "../css/tablet.css";
import wasmUrl from "zxing-wasm/reader/zxing_reader.wasm?url";
console.debug(wasmUrl);
