import { readFile } from 'node:fs/promises'
import { errorText } from '../../errors.ts'
import type { Dialogue } from './dialogue.ts'
import { type DialogueStep, parseDialogue } from './script.ts'

/** A dialogue that went another way than it was written. The message shows it whole. */
export class DialogueError extends Error {
  /** The line of the text that was not met, from 1. */
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.name = 'DialogueError'
    this.line = line
  }
}

/**
 * Plays a dialogue, written as `C:` and `S:` lines (see docs/testing.md), on a connection. A URL names a file. Throws a
 * DialogueError where the server says something else, and a MailwrightError where the text is no dialogue.
 */
export async function runDialogue(script: string | URL, connection: Dialogue): Promise<void> {
  const steps = parseDialogue(typeof script === 'string' ? script : await readFile(script, 'utf8'))
  const player = new Player(steps, connection)
  await player.run()
}

class Player {
  readonly #steps: readonly DialogueStep[]
  readonly #connection: Dialogue
  /** What the server said at each step. */
  readonly #heard = new Map<DialogueStep, (string | undefined)[]>()
  /** A line that ended a repetition and belongs to the next step. */
  #ahead: { readonly line: string | undefined } | undefined

  constructor(steps: readonly DialogueStep[], connection: Dialogue) {
    this.#steps = steps
    this.#connection = connection
  }

  async run(): Promise<void> {
    for (const step of this.#steps) {
      try {
        if (!(await this.#play(step))) throw this.#differs(step, 'the server said something else')
      } catch (error) {
        if (error instanceof DialogueError) throw error
        throw this.#differs(step, errorText(error).split('\n')[0] ?? '')
      }
    }
    if (this.#ahead !== undefined) {
      const last = this.#steps.at(-1)
      if (last !== undefined) throw this.#differs(last, 'the server said more')
    }
  }

  /** Whether the step went as written. */
  async #play(step: DialogueStep): Promise<boolean> {
    switch (step.kind) {
      case 'send':
        this.#connection.sendOctets(step.octets)
        return true
      case 'tls':
        await this.#connection.startTls()
        return true
      case 'end':
        await this.#connection.end()
        return true
      case 'expect-end':
        return (await this.#hear(step)) === undefined
      case 'expect':
        return step.repeated
          ? this.#repeat(step, step.pattern)
          : matches(await this.#hear(step), step.pattern)
    }
  }

  async #repeat(step: DialogueStep, pattern: RegExp): Promise<true> {
    for (;;) {
      const line = await this.#hear(step)
      if (matches(line, pattern)) continue
      this.#heard.get(step)?.pop()
      this.#ahead = { line }
      return true
    }
  }

  async #hear(step: DialogueStep): Promise<string | undefined> {
    const ahead = this.#ahead
    this.#ahead = undefined
    const line = ahead === undefined ? await this.#connection.readLine() : ahead.line
    this.#heard.set(step, [...(this.#heard.get(step) ?? []), line])
    return line
  }

  /** The whole dialogue, with the step that was not met marked and what came in its place below it. */
  #differs(at: DialogueStep, problem: string): DialogueError {
    const shown = this.#steps.flatMap((step) => {
      const heard = (this.#heard.get(step) ?? []).map((line) =>
        line === undefined ? '(end of the connection)' : line,
      )
      const source = `${step === at ? '>' : ' '} ${String(step.line).padStart(3)}  ${step.source}`
      return step === at ? [source, ...heard.map((line) => `+      ${line}`)] : [source]
    })
    return new DialogueError(at.line, `line ${at.line}: ${problem}\n\n${shown.join('\n')}`)
  }
}

function matches(line: string | undefined, pattern: RegExp): boolean {
  return line !== undefined && pattern.test(line)
}
