/** SIGHUP, heard from now on: one that nobody hears would end the process. */
export class ReloadSignal {
  #wasAsked = false
  #reload: (() => void) | undefined

  constructor() {
    process.on('SIGHUP', () => {
      if (this.#reload === undefined) this.#wasAsked = true
      else this.#reload()
    })
  }

  /** Who reloads from now on. Asked before, it does so at once: the config that was read may be the one from before. */
  isTakenBy(reload: () => void): void {
    this.#reload = reload
    if (this.#wasAsked) reload()
  }
}
