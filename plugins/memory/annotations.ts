import { annotationName, MailwrightError, type Metadata } from 'mailwright'

/** Annotations of a mailbox or an account. */
export class Annotations {
  #values: Metadata = new Map()

  /** By name in lower case. A value of the moment: changes make a new one. */
  get values(): Metadata {
    return this.#values
  }

  /** Sets annotations and removes those that are null: all, or none with MAIL_E_INVALID. */
  change(changes: ReadonlyMap<string, Buffer | null>): void {
    const values = new Map(this.#values)
    for (const [name, value] of changes) {
      const canonical = requireName(name)
      if (value === null) values.delete(canonical)
      else values.set(canonical, Buffer.from(value))
    }
    this.#values = values
  }
}

function requireName(name: string): string {
  const canonical = annotationName(name)
  if (canonical !== undefined) return canonical
  throw new MailwrightError('MAIL_E_INVALID', `not an annotation's name: ${JSON.stringify(name)}`)
}
