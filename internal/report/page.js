// A line under the pointer, at the same time in every chart of the run. The page
// says all it has to say without it.
(() => {
  const make = (svg, name, look) => {
    const node = document.createElementNS(svg.namespaceURI, name);
    node.setAttribute("class", look);
    return svg.appendChild(node);
  };
  const two = (n) => String(Math.floor(n)).padStart(2, "0");
  for (const run of document.querySelectorAll("[data-seconds]")) {
    const seconds = Number(run.dataset.seconds), clock = Number(run.dataset.clock);
    const charts = Array.from(run.querySelectorAll("svg[data-left]"), (svg) => ({
      svg, left: Number(svg.dataset.left), plot: Number(svg.dataset.plot), height: svg.viewBox.baseVal.height,
      line: make(svg, "path", "cursor"), label: make(svg, "text", "cursor-label"),
    }));
    const show = (time) => {
      const day = (clock + time) % 86400;
      const words = time.toFixed(seconds < 100 ? 2 : 1) + " s · " + [day / 3600, day / 60 % 60, day % 60].map(two).join(":");
      for (const c of charts) {
        const x = c.left + c.plot * time / seconds;
        const end = time > seconds * 0.7;
        c.line.setAttribute("d", `M${x} 0V${c.height}`);
        c.label.setAttribute("x", x + (end ? -6 : 6));
        c.label.setAttribute("y", c.height - 3);
        c.label.setAttribute("class", "cursor-label on" + (end ? " end" : ""));
        c.label.textContent = words;
      }
    };
    const hide = () => {
      for (const c of charts) {
        c.line.removeAttribute("d");
        c.label.textContent = "";
      }
    };
    for (const c of charts) {
      c.svg.addEventListener("pointermove", (event) => {
        const box = c.svg.getBoundingClientRect();
        const x = (event.clientX - box.left) * c.svg.viewBox.baseVal.width / box.width;
        show(Math.min(Math.max((x - c.left) / c.plot, 0), 1) * seconds);
      });
      c.svg.addEventListener("pointerleave", hide);
    }
  }
})();
