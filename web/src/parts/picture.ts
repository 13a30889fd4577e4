/** A part of the page as an image: its elements with the looks they have, drawn by the browser itself. */

/** What an element looks like, as far as it differs from one without a style sheet. */
const LOOKS = [
  "display", "position", "inset", "width", "height", "box-sizing", "margin", "padding", "border-top", "border-right", "border-bottom",
  "border-left", "border-radius", "background-color", "background-image", "color", "font-family", "font-size", "font-weight", "line-height",
  "font-variant-numeric", "letter-spacing", "text-align", "vertical-align", "white-space", "overflow-wrap", "text-overflow", "opacity",
  "transform", "flex", "flex-direction", "flex-wrap", "gap", "align-items", "align-content", "align-self", "justify-content",
  "justify-self", "justify-items", "grid-template-columns", "grid-template-rows", "grid-column", "grid-row", "fill", "stroke", "stroke-width",
  "stroke-dasharray", "vector-effect", "list-style", "text-decoration", "z-index",
];
const SCALE = 2;

/** Save an element as it is seen, without what opens only at hand. */
export async function saveImage(place: HTMLElement, title: string): Promise<void> {
  const { width, height } = place.getBoundingClientRect();
  const text = new XMLSerializer().serializeToString(copied(place));
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width * SCALE}" height="${height * SCALE}" viewBox="0 0 ${width} ${height}"><foreignObject width="100%" height="100%">${text}</foreignObject></svg>`,
  )}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width * SCALE;
  canvas.height = height * SCALE;
  canvas.getContext("2d")?.drawImage(image, 0, 0);
  const link = document.createElement("a");
  link.href = canvas.toDataURL("image/png");
  link.download = `${title.replace(/\W+/g, "-").toLowerCase()}.png`;
  link.click();
}

function copied(own: HTMLElement | SVGElement): HTMLElement | SVGElement {
  const copy = own instanceof HTMLCanvasElement ? drawn(own) : (own.cloneNode() as HTMLElement | SVGElement);
  const looks = getComputedStyle(own);
  for (const name of LOOKS) copy.style.setProperty(name, looks.getPropertyValue(name));
  if (looks.overflow !== "visible") copy.style.overflow = "hidden"; // Nobody scrolls an image.
  for (const child of own.childNodes) {
    if (child instanceof Text) copy.append(child.data);
    else if (child instanceof HTMLElement || child instanceof SVGElement) if (!child.matches(".popover, [hidden]")) copy.append(copied(child));
  }
  // A copy stands at its top; what was scrolled away is moved out of sight.
  if (own.scrollTop && copy.firstElementChild instanceof HTMLElement) copy.firstElementChild.style.marginTop = `${-own.scrollTop}px`;
  return copy;
}

function drawn(own: HTMLCanvasElement): HTMLElement {
  const image = document.createElement("img");
  image.src = own.toDataURL();
  return image;
}
