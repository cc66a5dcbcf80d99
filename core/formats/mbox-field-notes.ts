import { fieldAt, type MboxField } from './mbox-fields.ts'
import type { Line } from './mbox-line.ts'
import { CR } from './mbox-line-ends.ts'
import { thunderbirdFieldAt } from './mbox-thunderbird.ts'

const longestValue = 64 * 1024
const mostFields = 64

/** Takes note of the file's own fields in a header, as many as anybody could mean. */
export class FieldNotes {
  readonly #fields: MboxField[] = []

  get fields(): readonly MboxField[] {
    return this.#fields
  }

  /** A line of such a field: its first, or one that continues it. */
  add({ chunk, base, at, end, ended }: Line): void {
    const field = fieldAt(chunk, at) ?? thunderbirdFieldAt(chunk, at)
    const last = this.#fields.at(-1)
    const lineEnd = ended ? end - (chunk[end - 2] === CR ? 2 : 1) : end
    const text =
      end - at > longestValue ? '' : chunk.toString('latin1', at + (field?.length ?? 0), lineEnd).trim()
    if (field !== undefined && this.#fields.length < mostFields) {
      const [start, valueStart, valueEnd] = [base + at, base + at + field.length, base + lineEnd]
      this.#fields.push({ name: field.name, start, valueStart, valueEnd, end: base + end, value: text })
    } else if (field === undefined && last?.end === base + at) {
      const value = last.value.length + text.length > longestValue ? '' : `${last.value} ${text}`.trim()
      this.#fields[this.#fields.length - 1] = { ...last, end: base + end, value }
    }
  }
}
