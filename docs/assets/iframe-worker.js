/* The search's worker where the site is read from disk: browsers start no workers there, so it runs in a frame. */
if (location.protocol === "file:") {
  window.IFrameWorker = window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      this.inside = frame.contentWindow;
      window.addEventListener("message", (event) => {
        if (event.source === this.inside) this.dispatchEvent(new MessageEvent("message", { data: event.data }));
      });
      const script = document.createElement("script");
      script.src = url;
      this.waiting = [];
      script.onload = () => {
        const waiting = this.waiting;
        this.waiting = null;
        waiting.forEach((message) => this.postMessage(message));
      };
      const home = document.createElement("script");
      home.textContent = "window.postMessage = (message) => parent.postMessage(message, '*');";
      frame.contentDocument.body.append(home, script);
    }
    postMessage(message) {
      if (this.waiting) this.waiting.push(message);
      else this.inside.dispatchEvent(new MessageEvent("message", { data: message }));
    }
    terminate() {}
  };
}
