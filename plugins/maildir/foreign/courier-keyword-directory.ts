import { join } from 'node:path'
import { isMissing } from 'mailwright/disk'
import {
  type CourierKeywords,
  courierKeywordListFile,
  courierKeywordsDirectory,
  newestCourierKeywordFiles,
  parseCourierKeywordFile,
  parseCourierKeywordList,
} from 'mailwright/formats'
import type { FileSystem } from '../files/file-system.ts'
import { messageListLimit, readForeignFile, smallFileLimit } from './foreign-file.ts'

// How often the directory is read again because Courier renamed a file meanwhile, as it does itself.
const readings = 4

/**
 * The keywords that Courier keeps for the messages of a mailbox: what its list says, and above that what the newest of
 * the files that speak of one message says. A message whose keywords were all taken away has an empty list here.
 */
export async function readCourierKeywords(files: FileSystem, mailboxPath: string): Promise<CourierKeywords> {
  const directory = join(mailboxPath, courierKeywordsDirectory)
  for (let reading = 1; ; reading++) {
    const list = await readForeignFile(files, join(directory, courierKeywordListFile), messageListLimit)
    const keywords = new Map(list === undefined ? [] : parseCourierKeywordList(list.octets))
    let moved = false
    for (const [base, name] of newestCourierKeywordFiles(await namesIn(files, directory))) {
      const file = await readForeignFile(files, join(directory, name), smallFileLimit)
      if (file === undefined) moved = true
      else keywords.set(base, parseCourierKeywordFile(file.octets))
    }
    if (!moved || reading === readings) return keywords
  }
}

async function namesIn(files: FileSystem, directory: string): Promise<readonly string[]> {
  try {
    return await files.readdir(directory)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
