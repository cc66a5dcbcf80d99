/** What an inspecting tap found in a message. Scores are added up by whoever decides. */
export interface Finding {
  /** `<plugin>/<test>`, such as `bayes/score`. */
  readonly test: string
  /** Positive speaks for spam, negative against it; 0 is information. */
  readonly score: number
  /** For the history and the Received-like report fields. */
  readonly text: string
  /** Further facts for plugins that know this test. */
  readonly data?: Readonly<Record<string, unknown>>
}
