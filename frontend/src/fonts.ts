/* BIZ UDPGothic in numbered slices: the browser takes only the ones with letters that a page shows. */
import "@fontsource/biz-udpgothic/400.css";
import "@fontsource/biz-udpgothic/700.css";
