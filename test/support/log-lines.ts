import { type LogEvent, logEvents } from 'mailwright'

// `log.warn('refused', …)`, also with `isTried ? 'deferred' : 'bounced'` in either place; a level may be in brackets.
const call = /(?:\.(debug|info|warn|error)|\[([^\]\n]+)\])\(\s*((?:[^'(){},]*'[^']+')+)/g
const levels = ['debug', 'info', 'warn', 'error']

/** The lines of the log that a source writes, as far as both words stand there: `<event> <level>`. */
export function logLines(source: string): readonly string[] {
  return [...source.matchAll(call)].flatMap(([, level, chosen = '', words = '']) => {
    const events = texts(words).filter(isEvent)
    const at = level === undefined ? texts(chosen).filter((one) => levels.includes(one)) : [level]
    // Where both are chosen it is by the same question.
    if (events.length > 1 && at.length > 1) return events.map((event, index) => `${event} ${at[index]}`)
    return events.flatMap((event) => at.map((one) => `${event} ${one}`))
  })
}

function texts(code: string): readonly string[] {
  return [...code.matchAll(/'([^']+)'/g)].map(([, text = '']) => text)
}

function isEvent(text: string): text is LogEvent {
  return (logEvents as readonly string[]).includes(text)
}
