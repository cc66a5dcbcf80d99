import { readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../../generator/random.ts'
import type { MailWorld } from './imap-model-world.ts'

/** Another program that works on the files of a Maildir at random, as delivery agents and other servers do. */
export class MaildirMeddler {
  /** What it has done. */
  count = 0
  readonly #path: string
  readonly #random: Random
  readonly #world: MailWorld

  constructor(path: string, random: Random, world: MailWorld) {
    this.#path = path
    this.#random = random
    this.#world = world
  }

  /** Works until the time comes. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      try {
        await this.#step()
        this.count += 1
      } catch (error) {
        // Somebody else was faster.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
      await pause(this.#random.below(40))
    }
  }

  #step(): Promise<void> {
    const random = this.#random
    if (random.chance(0.3)) return this.#deliver()
    if (random.chance(0.2)) return this.#remove()
    return random.chance(0.4) ? this.#toCur() : this.#flag()
  }

  async #deliver(): Promise<void> {
    const label = this.#world.newLabel('delivered')
    const name = `${Math.floor(Date.now() / 1000)}.${label}.agent`
    const text = `Subject: ${label}\n\n${'text '.repeat(this.#random.below(300))}\nend\n`
    await writeFile(join(this.#path, 'tmp', name), text)
    const place = this.#random.chance(0.7) ? `new/${name}` : `cur/${name}:2,S`
    await rename(join(this.#path, 'tmp', name), join(this.#path, place))
  }

  async #toCur(): Promise<void> {
    const name = await this.#one('new')
    if (name === undefined) return
    const flags = this.#random.pick(['', '', 'S', 'FS'])
    await rename(join(this.#path, 'new', name), join(this.#path, 'cur', `${name}:2,${flags}`))
  }

  async #flag(): Promise<void> {
    const name = await this.#one('cur')
    if (name === undefined) return
    const [base = '', letters = ''] = name.split(':2,')
    const letter = this.#random.pick(['D', 'F', 'R', 'S'])
    const changed = letters.includes(letter)
      ? letters.replace(letter, '')
      : [...letters, letter].sort().join('')
    await rename(join(this.#path, 'cur', name), join(this.#path, 'cur', `${base}:2,${changed}`))
  }

  async #remove(): Promise<void> {
    const folder = this.#random.pick(['cur', 'cur', 'new'])
    const name = await this.#one(folder)
    if (name === undefined) return
    const file = join(this.#path, folder, name)
    this.#world.remove(labelOf(await readFile(file, 'latin1')))
    await unlink(file)
  }

  async #one(folder: string): Promise<string | undefined> {
    const names = await readdir(join(this.#path, folder))
    return names[this.#random.below(names.length)]
  }
}

/** What a message of the random test is called. */
export function labelOf(octets: string): string {
  return /^Subject: (\S+)/.exec(octets)?.[1] ?? ''
}
