// Search where the site is opened from disk: browsers start no Worker there, so its script runs in a hidden frame.
// Loaded where `location.protocol` is `file:` only; elsewhere the browser's own Worker serves.
class FrameWorker extends EventTarget {
  constructor(url) {
    super()
    this.frame = document.createElement("iframe")
    this.frame.hidden = true
    document.body.appendChild(this.frame)
    const inner = this.frame.contentWindow
    const loaded = new Promise((resolve) => this.frame.addEventListener("load", resolve, { once: true }))
    const prelude = `
      postMessage = (data) => parent.dispatchEvent(new MessageEvent("frameworker", { data }))
      importScripts = (...urls) => urls.reduce((before, url) => before.then(() => new Promise((resolve) => {
        const script = document.createElement("script")
        script.src = url
        script.onload = script.onerror = resolve
        document.body.appendChild(script)
      })), Promise.resolve())`
    window.addEventListener("frameworker", (event) => {
      const told = new MessageEvent("message", { data: event.data })
      this.dispatchEvent(told)
      this.onmessage?.(told)
    })
    inner.document.open()
    inner.document.write(`<body><script>${prelude}</script><script src="${url}"></script></body>`)
    inner.document.close()
    this.tell = (data) => loaded.then(() => {
      const told = new inner.MessageEvent("message", { data })
      inner.dispatchEvent(told)
      inner.onmessage?.(told)
    })
  }
  postMessage(data) { this.tell(data) }
  terminate() { this.frame.remove() }
}
if (location.protocol === "file:") window.Worker = FrameWorker
