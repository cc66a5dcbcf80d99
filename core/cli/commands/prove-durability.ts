import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { errorCode, MailwrightError } from '../../errors.ts'
import type { CommandOutput } from '../../plugin.ts'
import { database } from '../../services/database.ts'
import { type CliContext, hostOf, UsageError, whileStarted } from '../context.ts'
import { checkDatabase } from '../durability/database-check.ts'
import { diskOf, judgeDisk, judgeMount, mountOf } from '../durability/file-system.ts'
import type { Finding } from '../durability/finding.ts'
import { checkKills } from '../durability/kill-check.ts'
import { checkFolderSync, checkRename } from '../durability/name-checks.ts'
import { verifyCut, writeUntilCut } from '../durability/power-cut.ts'
import { judgeTimes, measureSyncs } from '../durability/sync-times.ts'
import { table } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { given } from './quantities.ts'

const kernel = { proc: '/proc', sys: '/sys' }
const syncs = 200
const kills = 10

/** What is found out about a folder while the power stays on. */
async function examineFolder(folder: string): Promise<readonly Finding[]> {
  const mount = await mountOf(folder, kernel)
  const disk = mount === undefined ? undefined : await diskOf(mount, kernel)
  const place = await mkdtemp(join(folder, 'durability-'))
  try {
    const times = await measureSyncs(place, syncs)
    return [
      ...judgeMount(mount),
      ...judgeDisk(disk),
      ...judgeTimes(times, disk?.turns === true),
      await checkFolderSync(place),
      await checkRename(place),
      await checkKills(place, kills),
    ]
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

/** What the config's database says, where it has one. */
async function examineDatabase(context: CliContext): Promise<readonly Finding[]> {
  return whileStarted(await hostOf(context), async (host) => {
    try {
      return await checkDatabase(host.service(database))
    } catch (error) {
      if (errorCode(error) === 'MAIL_E_SERVICE') return []
      throw error
    }
  })
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

function report(folder: string, findings: readonly Finding[], conclude = conclusion): CommandOutput {
  const words = { good: 'ok', doubt: 'DOUBT', bad: 'BAD' } as const
  const rows = findings.map(({ level, subject, text }) => [words[level], subject, text])
  const isBad = findings.some(({ level }) => level === 'bad')
  return {
    json: { folder, durable: !isBad, findings },
    text: `${table(['', 'what', folder], rows)}\n\n${conclude(findings)}`,
    exitCode: isBad ? 1 : 0,
  }
}

function conclusion(findings: readonly Finding[]): string {
  const has = (level: Finding['level']): boolean => findings.some((finding) => finding.level === level)
  if (has('bad')) return 'Mail can get lost here when the power goes. See BAD above.'
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
  summary: 'whether what is synced on this disk, and committed in the database, is really kept',
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
    const folder = await folderOf(context, word)
    if (told !== undefined) return report(folder, [await verifyCut(folder, told)], afterCut)
    if (options.powerCut === true) return cutPower(context, folder)
    const findings = await examineFolder(folder)
    return report(folder, word === undefined ? [...findings, ...(await examineDatabase(context))] : findings)
  },
}
