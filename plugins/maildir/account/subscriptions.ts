import { join } from 'node:path'
import type { MaildirContext } from '../context.ts'
import { JsonFile } from '../files/json-file.ts'
import { readForeignSubscriptions } from '../foreign/foreign-subscriptions.ts'

export const subscriptionsFileName = 'mailwright-subscriptions'

/** The mailboxes that an account is subscribed to, sorted; at first those of the server that was here before. */
export function subscriptionsFile(context: MaildirContext, root: string): JsonFile<readonly string[]> {
  return new JsonFile<readonly string[]>(context, {
    directory: root,
    name: subscriptionsFileName,
    tmp: join(root, 'tmp'),
    parse: (value) =>
      Array.isArray(value) && value.every((name) => typeof name === 'string') ? value : undefined,
    absent: async () => (await readForeignSubscriptions(context.files, root)) ?? [],
  })
}

/** The list with or without a name; undefined where it is so already. */
export function withSubscription(
  names: readonly string[],
  name: string,
  subscribed: boolean,
): readonly string[] | undefined {
  if (names.includes(name) === subscribed) return undefined
  return subscribed ? [...names, name].sort() : names.filter((each) => each !== name)
}
