import { mkdir, rmdir, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { errorCode, MailwrightError, UnavailableError } from '../../errors.ts'
import type { KeptPath } from '../../host/kept-paths.ts'
import type { Host } from '../../host.ts'
import type { CommandOutput } from '../../plugin.ts'
import { database } from '../../services/database.ts'
import { type CliContext, configOf, hostOf, UsageError, whileStarted } from '../context.ts'
import { checkDatabase } from '../durability/database-check.ts'
import type { Finding } from '../durability/finding.ts'
import { untilInterrupted } from '../durability/interruption.ts'
import { checkPlace } from '../durability/place-check.ts'
import { placesOf } from '../durability/places.ts'
import { verifyCut, writeUntilCut } from '../durability/power-cut.ts'
import { makeProofFolder } from '../durability/proof-folder.ts'
import { table } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { given } from './quantities.ts'

const kernel = { proc: '/proc', sys: '/sys' }

/** What was found out in one place. */
interface Section {
  readonly title: string
  readonly findings: readonly Finding[]
}

/** The file systems of some folders and files, each once. */
async function examine(kept: readonly KeptPath[], signal: AbortSignal): Promise<readonly Section[]> {
  const { places, findings } = await placesOf(kept, kernel)
  const sections: Section[] = []
  for (const place of places)
    sections.push({ title: titleOf(place.kept), findings: await checkPlace(place, kernel, signal) })
  return findings.length === 0 ? sections : [...sections, { title: 'not examined', findings }]
}

function titleOf(kept: readonly KeptPath[]): string {
  const named = Map.groupBy(kept, ({ path }) => path)
  return [...named]
    .map(([path, by]) => {
      const plugins = by.map(({ plugin }) => plugin).filter((plugin) => plugin !== '')
      return plugins.length === 0 ? path : `${path} (${plugins.join(', ')})`
    })
    .join(', ')
}

/** All that the system of the config keeps, and its database. */
async function examineSystem(context: CliContext, signal: AbortSignal): Promise<Examined> {
  const { file } = await configOf(context)
  const host = await hostOf(context)
  const { dataDir } = host.settings
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  return whileStarted(host, async () => {
    const sections = await examine([{ plugin: '', path: dataDir }, ...host.keptPaths], signal)
    const findings = await examineDatabase(host, file, signal)
    const ofDatabase = findings.length === 0 ? [] : [{ title: 'database', findings }]
    return { folder: dataDir, sections: [...sections, ...ofDatabase] }
  })
}

/** What the config's database says, where it has one. */
async function examineDatabase(
  host: Host,
  configFile: string,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  try {
    return await checkDatabase(host.service(database), configFile, signal)
  } catch (error) {
    if (errorCode(error) === 'MAIL_E_SERVICE') return []
    throw error
  }
}

/** The folder that was named, or that of the config's data. */
async function folderOf(context: CliContext, word: string | undefined): Promise<string> {
  if (word === undefined) {
    const { dataDir } = (await hostOf(context)).settings
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    return dataDir
  }
  const folder = resolve(context.folder, word)
  const status = await stat(folder).catch(() => undefined)
  if (status?.isDirectory() === true) return folder
  throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no folder ${folder}`)
}

/** MAIL_E_UNAVAILABLE where nothing can be written to a folder. */
async function requireWritable(folder: string): Promise<void> {
  try {
    await rmdir(await makeProofFolder(folder))
  } catch (cause) {
    throw new UnavailableError(`nothing can be written to ${folder}`, { cause })
  }
}

async function examineFolder(folder: string, signal: AbortSignal): Promise<readonly Section[]> {
  await requireWritable(folder)
  return examine([{ plugin: '', path: folder }], signal)
}

/** What was found out of a whole system, or of a folder. */
interface Examined {
  readonly folder: string
  readonly sections: readonly Section[]
}

function report({ folder, sections }: Examined, conclude = conclusion): CommandOutput {
  const words = { good: 'ok', doubt: 'DOUBT', bad: 'BAD', untried: 'NOT TRIED' } as const
  const tables = sections.map(({ title, findings }) =>
    table(
      ['', 'what', title],
      findings.map(({ level, subject, text }) => [words[level], subject, text]),
    ),
  )
  const findings = sections.flatMap(({ title, findings }) => findings.map((one) => ({ of: title, ...one })))
  const has = (wanted: Finding['level']): boolean => findings.some(({ level }) => level === wanted)
  const durable = has('bad') ? false : has('untried') ? null : true
  return {
    json: { folder, durable, findings },
    text: [...tables, conclude(findings)].join('\n\n'),
    exitCode: durable === true ? 0 : 1,
  }
}

function conclusion(findings: readonly Finding[]): string {
  const has = (level: Finding['level']): boolean => findings.some((finding) => finding.level === level)
  if (has('bad')) return 'Mail can get lost here when the power goes. See BAD above.'
  if (has('untried'))
    return 'Whether mail can get lost here is not known: not all could be tried. See NOT TRIED above.'
  const rest = 'Only a power cut proves the rest: --power-cut.'
  return has('doubt')
    ? `Nothing was lost, and there is a doubt that software cannot remove. ${rest}`
    : `As far as software can tell, what is synced here stays. ${rest}`
}

function afterCut([finding]: readonly Finding[]): string {
  return finding?.level === 'good'
    ? 'The power went, and what had been synced stayed. The proof is removed.'
    : 'Mail can get lost here when the power goes. The proof is left for you to look at.'
}

async function cutPower(context: CliContext, folder: string): Promise<CommandOutput> {
  const { output } = context
  if (!context.json)
    output.stderr(
      `Writing to ${folder}. Pull the plug, and keep the last number (over ssh: from the other screen).\n`,
    )
  const tell = (safe: number): void =>
    context.json
      ? output.stdout(`${JSON.stringify({ safe })}\n`)
      : output.stdout(`${safe} records are safe\n`)
  await writeUntilCut(folder, tell)
  return { json: { folder }, text: 'enough was written; the power did not go' }
}

function numberOf(word: string): number {
  if (/^\d{1,9}$/.test(word)) return Number(word)
  throw new UsageError(`"${word}" is not the number of records that were safe`)
}

/** `prove-durability`. */
export const proveDurabilityCommand: CoreCommand = {
  usage: 'prove-durability [folder]',
  summary: 'whether what is synced on the disks, and committed in the database, is really kept',
  options: [
    { flags: '--power-cut', summary: 'write and tell what is safe, until you pull the plug' },
    { flags: '--verify <number>', summary: 'after that: whether so many records are there' },
  ],
  examples: [
    'mailwright prove-durability',
    'mailwright prove-durability /srv/mail --power-cut',
    'mailwright prove-durability /srv/mail --verify 48210',
  ],
  action: async (context, [word], options) => {
    const { verify } = options
    if (given(verify) && options.powerCut === true)
      throw new UsageError('say --power-cut or --verify, not both')
    const told = given(verify) ? numberOf(verify) : undefined
    if (word === undefined && told === undefined && options.powerCut !== true)
      return report(await untilInterrupted((signal) => examineSystem(context, signal)))
    const folder = await folderOf(context, word)
    if (told !== undefined) {
      const findings = [await verifyCut(folder, told)]
      return report({ folder, sections: [{ title: folder, findings }] }, afterCut)
    }
    if (options.powerCut === true) return cutPower(context, folder)
    return report({ folder, sections: await untilInterrupted((signal) => examineFolder(folder, signal)) })
  },
}
