import type { Edit } from 'mailwright'
import type { MessageView } from './message-view.ts'

interface Entry {
  readonly name: string
  readonly isOwn: boolean
}

/**
 * The names of a header's fields while a milter changes it. A milter counts without the trace field of this server where it
 * changes and deletes, and with it where it inserts, as in Sendmail and Postfix; edits always count with it.
 */
export class FieldNames {
  #entries: readonly Entry[]

  constructor({ message, ownTrace }: MessageView) {
    this.#entries = message.header.fields.map(({ name }, at) => ({
      name: name.toLowerCase(),
      isOwn: at === ownTrace,
    }))
  }

  insert(position: number, name: string, value: string): Edit {
    const at = Math.min(position, this.#entries.length)
    this.#entries = this.#entries.toSpliced(at, 0, { name: name.toLowerCase(), isOwn: false })
    return { kind: 'insert-field', name, value, position: at }
  }

  append(name: string, value: string): Edit {
    return this.insert(this.#entries.length, name, value)
  }

  /** A field that is not there is added, as Sendmail does. */
  change(nth: number, name: string, value: string): Edit {
    const found = this.#find(nth, name)
    if (found === undefined) return this.append(name, value)
    return { kind: 'change-field', name, occurrence: found.occurrence, value }
  }

  /** Undefined where there is no such field. */
  delete(nth: number, name: string): Edit | undefined {
    const found = this.#find(nth, name)
    if (found === undefined) return undefined
    this.#entries = this.#entries.toSpliced(found.at, 1)
    return { kind: 'delete-field', name, occurrence: found.occurrence }
  }

  #find(nth: number, name: string): { readonly at: number; readonly occurrence: number } | undefined {
    const wanted = name.toLowerCase()
    let [visible, occurrence] = [0, 0]
    for (const [at, entry] of this.#entries.entries()) {
      if (entry.name !== wanted) continue
      occurrence += 1
      if (!entry.isOwn) visible += 1
      if (!entry.isOwn && visible === nth) return { at, occurrence }
    }
    return undefined
  }
}
