import { type FileHandle, open } from 'node:fs/promises'
import { Random } from '../../generator/random.ts'
import { LineClient } from '../../support/line-client.ts'
import { type Letter, type LetterSettings, letterOf } from './letter.ts'
import type { Promised } from './verdict.ts'

/** What clients were promised, written down before the next message is sent: one JSON object a line. */
export class PromiseLog {
  readonly promised: Promised[] = []
  readonly #file: FileHandle

  private constructor(file: FileHandle) {
    this.#file = file
  }

  static async open(path: string): Promise<PromiseLog> {
    return new PromiseLog(await open(path, 'a'))
  }

  async note(promised: Promised): Promise<void> {
    this.promised.push(promised)
    await this.#file.appendFile(`${JSON.stringify(promised)}\n`)
    await this.#file.datasync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

export interface LoadSettings extends LetterSettings {
  readonly port: number
  /** Starts every token. */
  readonly name: string
  readonly clients: number
  readonly seed: number
  readonly log: PromiseLog
}

/** Clients that send one message after the other, each on its connection, until that breaks or they are stopped. */
export class Load {
  readonly #settings: LoadSettings
  readonly #open = new Set<LineClient>()
  readonly #running: Promise<unknown>
  #stopped = false
  /** Messages that were answered with 250. */
  accepted = 0
  /** Messages that were refused, by 4yz or 5yz. */
  refused = 0

  constructor(settings: LoadSettings) {
    this.#settings = settings
    this.#running = Promise.all(
      Array.from({ length: settings.clients }, (_, client) => this.#send(client).catch(() => undefined)),
    )
  }

  /** Resolves when every connection has come to its end by itself. */
  async ended(): Promise<void> {
    await this.#running
  }

  /** Lets nobody begin another message; those who wait for an answer are cut off. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const client of this.#open) client.close()
    await this.#running
  }

  async #send(number: number): Promise<void> {
    const { port, name, seed } = this.#settings
    const random = new Random(seed + number)
    const client = await LineClient.open(port)
    this.#open.add(client)
    try {
      await client.reply()
      await client.ask('EHLO client.example')
      for (let message = 0; !this.#stopped; message++) {
        const isAnswered = await this.#transact(
          client,
          letterOf(`${name}-${number}-${message}`, random, this.#settings),
        )
        if (!isAnswered) return
      }
    } finally {
      client.close()
      this.#open.delete(client)
    }
  }

  /** False: the connection is gone. */
  async #transact(client: LineClient, { token, sender, recipients, text }: Letter): Promise<boolean> {
    const commands = [`MAIL FROM:<${sender}>`, ...recipients.map((each) => `RCPT TO:<${each}>`), 'DATA']
    for (const command of commands) {
      const answer = await client.ask(command)
      if (answer === undefined) return false
      if (answer >= '4') return this.#refuse(client)
    }
    const answer = await client.ask(`${text}.`)
    if (answer === undefined) return false
    const id = /^250 .*\b(\w+)$/.exec(answer)?.[1]
    if (id === undefined) return this.#refuse(client)
    this.accepted++
    await this.#settings.log.note({ token, id, recipients })
    return true
  }

  async #refuse(client: LineClient): Promise<boolean> {
    this.refused++
    return (await client.ask('RSET')) !== undefined
  }
}
