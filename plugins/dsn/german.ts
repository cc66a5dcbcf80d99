import type { Texts } from './texts.ts'

export const german: Texts = {
  systemName: 'Mail-Zustellsystem',
  subject: {
    failed: ({ subject }) =>
      subject === '' ? 'Ihre Nachricht wurde nicht zugestellt' : `Nicht zugestellt: ${subject}`,
    delayed: ({ subject }) => (subject === '' ? 'Ihre Nachricht verzögert sich' : `Verzögert: ${subject}`),
    delivered: ({ subject }) =>
      subject === '' ? 'Ihre Nachricht wurde zugestellt' : `Zugestellt: ${subject}`,
    relayed: ({ subject }) =>
      subject === '' ? 'Ihre Nachricht wurde weitergegeben' : `Weitergegeben: ${subject}`,
    lost: ({ subject }) =>
      subject === ''
        ? 'Eine Nachricht war weder zustellbar noch rücksendbar'
        : `Weder zustellbar noch rücksendbar: ${subject}`,
  },
  opening: {
    failed: ({ recipients }) =>
      `Ihre Nachricht konnte ${recipients === 1 ? 'der folgenden Adresse' : 'den folgenden Adressen'} nicht zugestellt werden. Weitere Versuche gibt es nicht.`,
    delayed: ({ until }) =>
      `Ihre Nachricht konnte den folgenden Adressen noch nicht zugestellt werden. Sie brauchen nichts zu tun und sollten sie nicht erneut senden: Die Zustellung wird weiter versucht${until === '' ? '' : `, und zwar bis ${until}`}. Gelingt sie ${until === '' ? '' : 'bis dahin '}nicht, werden Sie benachrichtigt.`,
    delivered:
      'Ihre Nachricht wurde zugestellt. Sie hatten um diese Bestätigung gebeten. Ob die Nachricht gelesen wird, ist nicht bekannt.',
    relayed:
      'Ihre Nachricht wurde weitergegeben. Was von den einzelnen Adressen bekannt ist, steht unten. Sie hatten um diese Bestätigung gebeten.',
    lost: 'Eine Nachricht ohne Absenderadresse, etwa eine Benachrichtigung eines anderen Systems, konnte nicht zugestellt werden. Ihr Absender lässt sich nicht benachrichtigen; deshalb erfahren Sie es.',
  },
  labels: { subject: 'Betreff', arrived: 'Eingegangen' },
  reasons: {
    noSuchAddress: {
      what: 'Diese Adresse gibt es beim Mailsystem des Empfängers nicht.',
      advice:
        'Prüfen Sie die Schreibweise, oder fragen Sie den Empfänger auf anderem Weg nach seiner jetzigen Adresse.',
    },
    noSuchDomain: {
      what: 'Den Teil der Adresse hinter dem @ gibt es nicht, oder er nimmt keine Mail an.',
      advice:
        'Prüfen Sie die Schreibweise dieses Teils. Ist sie richtig, sagen Sie dem Empfänger, dass seine Domain nicht gefunden wird.',
    },
    noMail: {
      what: 'Der Teil der Adresse hinter dem @ ist eine Domain, die keine Mail annimmt: So gibt es ihr Inhaber an.',
      advice: 'Fragen Sie den Empfänger auf anderem Weg nach einer Adresse, die Mail annimmt.',
    },
    mailboxFull: {
      what: 'Das Postfach des Empfängers ist voll.',
      advice:
        'Geben Sie dem Empfänger auf anderem Weg Bescheid, und senden Sie die Nachricht erneut, sobald wieder Platz ist.',
    },
    mailboxDisabled: {
      what: 'Das Postfach des Empfängers gibt es, aber es nimmt zurzeit keine Nachrichten an.',
      advice: 'Wenden Sie sich auf anderem Weg an den Empfänger.',
    },
    tooLarge: {
      what: ({ size }) => `Die Nachricht ist mit ${size} größer, als das Mailsystem des Empfängers erlaubt.`,
      advice: 'Senden Sie sie mit kleineren Anhängen, oder senden Sie stattdessen einen Link.',
    },
    tooLargeHere: {
      what: ({ size }) => `Die Nachricht ist mit ${size} größer, als dieses Mailsystem annimmt.`,
      advice: 'Senden Sie sie mit kleineren Anhängen, oder senden Sie stattdessen einen Link.',
    },
    greylisted: {
      what: 'Das Mailsystem des Empfängers nimmt Mail von Absendern, die es nicht kennt, zum Schutz vor unerwünschter Mail erst nach einiger Zeit an.',
      advice:
        'Senden Sie die Nachricht erneut. Misslingt es wieder, zeigen Sie diese Benachrichtigung Ihrem Postmaster: Vielleicht kam sie immer zu früh, oder von einer anderen Adresse des Mailservers.',
    },
    rateLimited: {
      what: 'An das Mailsystem des Empfängers darf nur eine begrenzte Menge Mail auf einmal gehen, und es war mehr.',
      advice:
        'Versuchen Sie es später erneut. Misslingt es wieder, zeigen Sie diese Benachrichtigung Ihrem Postmaster.',
    },
    policy: {
      what: 'Das Mailsystem des Empfängers nimmt diese Nachricht nicht an. Der Grund können seine Regeln gegen unerwünschte Mail sein.',
      advice:
        'Seine Antwort steht unten. Hilft sie Ihnen nicht weiter, zeigen Sie diese Benachrichtigung Ihrem Postmaster.',
    },
    notAuthenticated: {
      what: 'Das Mailsystem des Empfängers konnte nicht feststellen, ob die Nachricht wirklich von Ihnen stammt.',
      advice:
        'Senden Sie sie über den Mailserver Ihres eigenen Anbieters. Wenn Sie das getan haben, zeigen Sie diese Benachrichtigung Ihrem Postmaster: Die Einstellungen Ihrer Domain könnten falsch sein.',
    },
    senderRefused: {
      what: 'Das Mailsystem des Empfängers nimmt Ihre eigene Adresse nicht als Absender an.',
      advice: 'Prüfen Sie, welche Absenderadresse in Ihrem Mailprogramm eingetragen ist.',
    },
    notReached: {
      what: 'Das Mailsystem des Empfängers war nicht zu erreichen.',
      advice: 'Versuchen Sie es später erneut, oder wenden Sie sich auf anderem Weg an den Empfänger.',
    },
    loop: {
      what: 'Die Nachricht lief im Kreis: Mailsysteme sind so eingestellt, dass eines sie dem anderen weiterreicht.',
      advice: 'Benachrichtigen Sie den Postmaster des Empfängers; Sie selbst können das nicht beheben.',
    },
    insecure: {
      what: 'Die Nachricht darf nur verschlüsselt übertragen werden, und das Mailsystem des Empfängers bietet das nicht an.',
      advice:
        'Wenden Sie sich auf anderem Weg an den Empfänger, oder senden Sie die Nachricht ohne diese Vorgabe.',
    },
    notInternational: {
      what: 'Das Mailsystem des Empfängers kommt mit Adressen nicht zurecht, in denen Zeichen wie in dieser Nachricht vorkommen.',
      advice:
        'Verwenden Sie eine Adresse aus einfachen lateinischen Buchstaben, sofern Sie und der Empfänger eine haben.',
    },
    unfitContent: {
      what: 'Das Mailsystem des Empfängers nimmt den Inhalt der Nachricht nicht an.',
      advice: 'Senden Sie sie ohne Anhänge oder in einem anderen Format.',
    },
    tooManyRecipients: {
      what: 'Die Nachricht hat mehr Empfänger, als das Mailsystem des Empfängers erlaubt.',
      advice: 'Senden Sie sie an weniger Empfänger auf einmal.',
    },
    systemTrouble: {
      what: 'Bei einem Mailsystem auf dem Weg liegt eine Störung vor.',
      advice:
        'Versuchen Sie es später erneut. Misslingt es wieder, zeigen Sie diese Benachrichtigung Ihrem Postmaster.',
    },
    expired: {
      what: 'Das Mailsystem des Empfängers war nicht zu erreichen oder hat die Nachricht nicht rechtzeitig angenommen.',
      advice: 'Versuchen Sie es später erneut, oder wenden Sie sich auf anderem Weg an den Empfänger.',
    },
    givenUp: {
      what: 'Der Postmaster hat die Nachricht aus der Warteschlange genommen, bevor sie zugestellt werden konnte.',
      advice:
        'Fragen Sie den Postmaster nach dem Grund, oder wenden Sie sich auf anderem Weg an den Empfänger.',
    },
    other: {
      what: 'Das Mailsystem des Empfängers hat die Nachricht nicht angenommen.',
      advice:
        'Seine Antwort steht unten. Hilft sie Ihnen nicht weiter, zeigen Sie diese Benachrichtigung Ihrem Postmaster.',
    },
  },
  tried: 'Die Zustellung wurde {duration} lang versucht.',
  delivered: 'Die Nachricht liegt im Postfach oder bei dem System, das Mail für diese Adresse verarbeitet.',
  relayed:
    'Die Nachricht wurde einem Mailsystem übergeben, das keine Bestätigungen sendet. Misslingt dort die Zustellung, werden Sie benachrichtigt; gelingt sie, erfahren Sie es nicht.',
  expanded:
    'Die Adresse steht für mehrere andere, an die die Nachricht weitergeht. Wenn sie dort ankommt, erfahren Sie es nicht.',
  more: 'Dazu kommen {more} weitere Adressen; sie stehen im angehängten Bericht.',
  attached: {
    message: 'Ihre Nachricht ist angehängt.',
    lost: 'Die Nachricht ist angehängt.',
    header: 'Der Kopf der Nachricht ist angehängt, ohne ihren Text.',
  },
  closing:
    'Diese Benachrichtigung hat das Mailsystem auf {host} geschrieben. Wenn Sie Hilfe brauchen, leiten Sie sie an {postmaster} weiter.',
  details: {
    heading: 'Technische Einzelheiten',
    said: '{remote} antwortete:',
    own: 'Das Mailsystem selbst stellte fest:',
    leadsTo: 'führt zu {address}',
  },
}
