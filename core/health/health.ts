/** Whether a system can do its work, by checks that the core and every plugin add. */
export interface Health {
  /**
   * Adds a check, in `setup`; its whole name is `<plugin>/<name>`, made of the same letters as a tap's. It is asked when somebody wants
   * to know, at most once a second, and has 2 seconds for its answer, or a `timeout` of up to 5. It answers nothing where all is
   * well. Where it rejects or is late it has failed: the log says why, and whoever asked sees the code alone. A `reason` is shown to
   * whoever asks, so that it names no secret and no address.
   */
  check(
    name: string,
    ask: () => Promise<HealthProblem | undefined>,
    options?: { readonly timeout?: number },
  ): void
  /** What all checks say, with several workers those of all: the worst answer to each. Never rejects. */
  report(): Promise<HealthReport>
}

/** `warn`: it works, but somebody should look. `fail`: no more work should be given to this system. */
export interface HealthProblem {
  readonly state: 'warn' | 'fail'
  /** One line. */
  readonly reason: string
}

export type HealthState = 'pass' | 'warn' | 'fail'

/** What one check said. */
export interface HealthResult {
  /** `<plugin>/<name>`; those of the core begin with `core`. */
  readonly name: string
  readonly state: HealthState
  readonly reason?: string
  readonly milliseconds: number
}

export interface HealthReport {
  /** The worst of all. */
  readonly state: HealthState
  readonly checks: readonly HealthResult[]
}
