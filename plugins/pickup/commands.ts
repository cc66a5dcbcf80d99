import { readFile, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { MailwrightError, type PluginCommand, UsageError } from 'mailwright'
import { dropNameKind } from 'mailwright/formats'
import { type DropFolder, ignore } from './drop-folder.ts'

const mostNames = 10_000

/** `mailwright pickup folder`, `list` and `retry`. */
export function pickupCommands(drop: DropFolder): readonly PluginCommand[] {
  return [
    {
      name: 'pickup folder',
      summary: 'where `mailwright sendmail` puts messages',
      beforeStart: true,
      run: async () => ({ json: { folder: drop.path }, text: drop.path }),
    },
    {
      name: 'pickup list',
      summary: 'messages that were handed in and not taken yet, and those that nobody could be told of',
      beforeStart: true,
      run: async () => {
        const waiting = (await drop.whole(mostNames).catch(ignore('ENOENT'))) ?? []
        const kept = await Promise.all((await drop.kept()).map((name) => keptOne(drop, name)))
        const lines = [
          `${waiting.length} wait to be taken`,
          ...kept.map(({ name, reason }) => `kept ${name}: ${reason}`),
        ]
        return { json: { waiting: waiting.length, kept }, text: lines.join('\n') }
      },
    },
    {
      name: 'pickup retry',
      summary: 'lets a message that is kept be tried again',
      arguments: [{ name: 'name', summary: 'as "pickup list" shows it, or "all"' }],
      beforeStart: true,
      run: async ({ arguments: [word = ''] }) => {
        const names = word === 'all' ? await drop.kept() : [checked(word)]
        for (const name of names) await retry(drop, name)
        return { json: { retried: names }, text: `${names.length} will be tried again` }
      },
    },
  ]
}

async function keptOne(
  drop: DropFolder,
  name: string,
): Promise<{ readonly name: string; readonly reason: string }> {
  const text = await readFile(join(drop.failed, `${name}.txt`), 'utf8').catch(() => '')
  return { name, reason: text.trim() }
}

function checked(name: string): string {
  if (dropNameKind(name) === 'whole') return name
  throw new UsageError(`"${name}" is no message that "pickup list" shows`)
}

async function retry(drop: DropFolder, name: string): Promise<void> {
  const path = join(drop.failed, name)
  await rename(path, join(drop.path, name)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new MailwrightError('MAIL_E_NOT_FOUND', `no message ${name} is kept`)
    throw error
  })
  await unlink(`${path}.txt`).catch(ignore('ENOENT'))
}
