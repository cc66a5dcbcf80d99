/** One thing that was found out. */
export interface Finding {
  /** `bad`: mail can get lost here. `doubt`: software cannot tell; somebody has to look. `untried`: nothing is known of a place. */
  readonly level: 'good' | 'doubt' | 'bad' | 'untried'
  /** What was looked at, in a few words. */
  readonly subject: string
  /** What was found, and what to do about it. */
  readonly text: string
}

export function good(subject: string, text: string): Finding {
  return { level: 'good', subject, text }
}

export function doubt(subject: string, text: string): Finding {
  return { level: 'doubt', subject, text }
}

export function untried(subject: string, text: string): Finding {
  return { level: 'untried', subject, text }
}

export function bad(subject: string, text: string): Finding {
  return { level: 'bad', subject, text }
}
