/** What the server says to people. A further language is a further value of this type in languages.ts. */
export interface Texts {
  readonly ready: (hostname: string) => string
  readonly bye: string
  readonly capabilities: string
  readonly mechanisms: string
  readonly beginTls: string
  readonly utf8: string
  readonly languages: string
  readonly languageChanged: string
  readonly status: (messages: number, octets: number) => string
  readonly octets: (octets: number) => string
  readonly deleted: (message: number) => string

  readonly notACommand: string
  readonly unknownCommand: string
  readonly logInFirst: string
  readonly lineTooLong: string
  readonly noArgument: string
  readonly otherProtocol: string
  readonly tooManyErrors: string
  readonly lineWithoutEnd: string

  readonly noClearLogin: string
  readonly useTlsFirst: string
  readonly nameExpected: string
  readonly notAName: string
  readonly userFirst: string
  readonly passwordExpected: string
  readonly notAPassword: string
  readonly mechanismExpected: string
  readonly mechanismNotOffered: string
  readonly loginCancelled: string
  readonly tlsActive: string
  readonly noTls: string
  readonly nothingBehindTls: string
  readonly tlsAfterUtf8: string
  readonly tlsUnavailable: string
  readonly notALanguage: string
  readonly unknownLanguage: string

  readonly tooManyFromAddress: string
  readonly tooManyOfUser: string
  readonly inUse: string
  readonly noPermission: string
  readonly localError: string
  readonly notRemoved: string

  readonly numberExpected: string
  readonly oneNumberExpected: string
  readonly oneNumberAtMost: string
  readonly numberAndLinesExpected: string
  readonly isDeleted: (message: number) => string
  readonly noSuchMessage: (highest: number) => string
  readonly isGone: (message: number) => string
}

export const english: Texts = {
  ready: (hostname) => `${hostname} POP3 server ready`,
  bye: 'Bye',
  capabilities: 'Capabilities',
  mechanisms: 'Mechanisms',
  beginTls: 'Begin TLS',
  utf8: 'UTF-8 from now on',
  languages: 'Languages',
  languageChanged: 'This is the language now',
  status: (messages, octets) => `${messages} messages (${octets} octets)`,
  octets: (octets) => `${octets} octets`,
  deleted: (message) => `Message ${message} deleted`,

  notACommand: 'Not a command',
  unknownCommand: 'Unknown command',
  logInFirst: 'Unknown command, or log in first',
  lineTooLong: 'The line is too long',
  noArgument: 'No argument is expected',
  otherProtocol: 'This is POP3',
  tooManyErrors: 'Closing: too many errors',
  lineWithoutEnd: 'Closing: line without end',

  noClearLogin: 'No login in clear text',
  useTlsFirst: 'No login in clear text, use STLS first',
  nameExpected: 'A name is expected',
  notAName: 'Not a name',
  userFirst: 'USER comes first',
  passwordExpected: 'A password is expected',
  notAPassword: 'Not a password',
  mechanismExpected: 'A mechanism is expected, and an initial response at most',
  mechanismNotOffered: 'That mechanism is not offered',
  loginCancelled: 'Authentication cancelled',
  tlsActive: 'TLS is active already',
  noTls: 'No TLS here',
  nothingBehindTls: 'Nothing may follow STLS before TLS',
  tlsAfterUtf8: 'STLS comes before UTF8',
  tlsUnavailable: 'TLS is not available now',
  notALanguage: 'Not a language range',
  unknownLanguage: 'That language is not known here',

  tooManyFromAddress: 'Too many connections from your address, try again later',
  tooManyOfUser: 'Too many sessions of this account, try again later',
  inUse: 'The maildrop is in use by another session',
  noPermission: 'No permission',
  localError: 'Local error, try again later',
  notRemoved: 'some deleted messages not removed',

  numberExpected: 'A message number is expected',
  oneNumberExpected: 'One message number is expected',
  oneNumberAtMost: 'One message number is expected at most',
  numberAndLinesExpected: 'A message number and a number of lines are expected',
  isDeleted: (message) => `Message ${message} is deleted`,
  noSuchMessage: (highest) => `No such message, only ${highest} in the maildrop`,
  isGone: (message) => `Message ${message} is no longer there`,
}
