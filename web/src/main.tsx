/** The console begins here. */
import { render } from "preact";
import { Frame } from "./app/frame";
import { onKey } from "./app/keys";
import { followLinks } from "./state/address";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/parts.css";

addEventListener("keydown", onKey);
addEventListener("click", followLinks);
const place = document.getElementById("console");
if (place) render(<Frame />, place);
