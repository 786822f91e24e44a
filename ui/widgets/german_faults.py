"""The German of what the desk and its centre say when something is in the way. The rooms without windows
speak English only; a `{}` stands for what they fill in. A test holds this to their sources.
"""

from typing import Final

from ui.widgets.german_consult import CONSULT_FAULTS
from ui.widgets.german_links import LINK_FAULTS
from ui.widgets.german_listening import LISTENING_FAULTS
from ui.widgets.german_recording import RECORDING_FAULTS

FAULTS: Final[dict[str, str]] = {
    **LINK_FAULTS,
    **CONSULT_FAULTS,
    **LISTENING_FAULTS,
    **RECORDING_FAULTS,
    # signing in, and the link to the centre
    "Name or password is not right. Check both; the administrator can set a new password.": (
        "Name oder Passwort stimmt nicht. Prüfen Sie beides; die Verwaltung kann ein neues Passwort setzen."
    ),
    "Too many attempts to sign in. Wait a minute, then try again.": (
        "Zu viele Anmeldeversuche. Warten Sie eine Minute und versuchen Sie es erneut."
    ),
    "{} cannot be reached: {}.": "{} ist nicht erreichbar: {}.",
    "nothing listens there (is the centre running?)": "dort antwortet niemand (läuft die Zentrale?)",
    "no answer in time": "keine Antwort in angemessener Zeit",
    "its certificate cannot be trusted ({})": "seinem Zertifikat kann nicht getraut werden ({})",
    "no secure connection ({})": "keine sichere Verbindung ({})",
    "{} answered HTTP {} to the sign-in. Check the centre's address in the settings.": (
        "{} antwortete HTTP {} auf die Anmeldung. Prüfen Sie die Adresse der Zentrale in den Einstellungen."
    ),
    "What answers at {} is not a Callboard centre. Check the address.": (
        "Was unter {} antwortet, ist keine Callboard-Zentrale. Prüfen Sie die Adresse."
    ),
    "What answers at {} is not a Callboard centre.": "Was unter {} antwortet, ist keine Callboard-Zentrale.",
    "{} is not a centre's address. It looks like https://centre.company.example.": (
        "{} ist nicht die Adresse einer Zentrale. Sie sieht so aus: https://zentrale.firma.example."
    ),
    "The sign-in is no longer good. Sign in again.": "Die Anmeldung gilt nicht mehr. Melden Sie sich neu an.",
    "The connection to the centre was lost.": "Die Verbindung zur Zentrale ging verloren.",
    "The centre has not been heard for {} s.": "Von der Zentrale war {} s lang nichts zu hören.",
    "There is no connection to the centre right now. Try again when it is back.": (
        "Gerade besteht keine Verbindung zur Zentrale. Versuchen Sie es erneut, sobald sie wieder da ist."
    ),
    "The connection to the centre was just lost. Try again when it is back.": (
        "Die Verbindung zur Zentrale ging eben verloren. Versuchen Sie es erneut, sobald sie wieder da ist."
    ),
    "The centre did not reply. Check your state before you try again.": (
        "Die Zentrale hat nicht geantwortet. Prüfen Sie Ihren Zustand, bevor Sie es erneut versuchen."
    ),
    "The connection was lost before the centre replied. Check your state.": (
        "Die Verbindung ging verloren, bevor die Zentrale antwortete. Prüfen Sie Ihren Zustand."
    ),
    "{} sent an answer without end.": "{} schickte eine Antwort ohne Ende.",
    "the name is not known (is it spelt right?)": "der Name ist nicht bekannt (richtig geschrieben?)",
    "{} is not the address of a centre: {}.": "{} ist nicht die Adresse einer Zentrale: {}.",
    "What answers at {} is not a Callboard centre: {}.": (
        "Was unter {} antwortet, ist keine Callboard-Zentrale: {}."
    ),
    "The board is fetched anew.": "Die Tafel wird neu geholt.",
    "The centre sends what this program cannot read. Update this program.": (
        "Die Zentrale schickt, was dieses Programm nicht lesen kann. Aktualisieren Sie dieses Programm."
    ),
    "The centre sent a frame of more than {} bytes.": (
        "Die Zentrale schickte eine Nachricht von mehr als {} Byte."
    ),
    "The centre answered HTTP {}.": "Die Zentrale antwortete HTTP {}.",
    "The way to {} is not known: {}": "Der Weg zu {} ist nicht bekannt: {}",
    # what the centre says
    "The centre is stopping.": "Die Zentrale wird beendet.",
    "You signed in elsewhere.": "Sie haben sich anderswo angemeldet.",
    "The desk connected anew.": "Der Platz hat sich neu verbunden.",
    "This sign-in is not known here. Sign in again.": (
        "Diese Anmeldung ist hier nicht bekannt. Melden Sie sich neu an."
    ),
    "This sign-in has expired. Sign in again.": "Diese Anmeldung ist abgelaufen. Melden Sie sich neu an.",
    "This sign-in was signed out. Sign in again.": (
        "Diese Anmeldung wurde abgemeldet. Melden Sie sich neu an."
    ),
    "This sign-in is no longer good: the account was changed. Sign in again.": (
        "Diese Anmeldung gilt nicht mehr: Das Konto wurde geändert. Melden Sie sich neu an."
    ),
    "Your role is now {}.": "Ihre Rolle ist jetzt {}.",
    "The role {} may not connect.": "Die Rolle {} darf sich nicht verbinden.",
    "This client speaks version {}, the centre {}: update the centre.": (
        "Dieses Programm spricht Version {}, die Zentrale {}: Aktualisieren Sie die Zentrale."
    ),
    "No Hello came within {} seconds.": "Binnen {} Sekunden kam keine Begrüßung an.",
    "Nothing was heard from you for too long.": "Von Ihnen war zu lange nichts zu hören.",
    "You do not take what is sent to you.": "Sie nehmen nicht an, was Ihnen geschickt wird.",
    "You do not read the answers to what you ask.": "Sie lesen die Antworten auf Ihre Fragen nicht.",
    "You are not set up as an agent. Ask your admin.": (
        "Sie sind nicht als Agent eingerichtet. Fragen Sie Ihre Verwaltung."
    ),
    "You are not signed in as an agent.": "Sie sind nicht als Agent angemeldet.",
    "There is no command “{}” for you.": "Den Befehl „{}“ gibt es für Sie nicht.",
    "The centre does not know how to “{}”.": "Den Befehl „{}“ kennt die Zentrale nicht.",
    "Too many commands at once. Wait a moment.": "Zu viele Befehle auf einmal. Warten Sie einen Moment.",
    # where a centre only watches Asterisk's own queues
    "Asterisk did not do it: {}": "Asterisk hat es nicht getan: {}",
    "Asterisk's queue decides when you are rung again: set its wrapuptime.": (
        "Wann es bei Ihnen wieder klingelt, bestimmt Asterisks Warteschlange: dort ist wrapuptime zu setzen."
    ),
    "No queue is given for you: name your queues in the centre's settings.": (
        "Ihnen ist keine Warteschlange zugeteilt: sie gehört in die Einstellungen der Zentrale."
    ),
    "The telephone system cannot be reached now. Try again in a moment.": (
        "Die Telefonanlage ist gerade nicht erreichbar. Versuchen Sie es gleich noch einmal."
    ),
    "This centre watches Asterisk's own queues: who waits there cannot be moved, put first or given to "
    'somebody from here. A centre with switch.kind = "asterisk" can do that.': (
        "Diese Zentrale beobachtet Asterisks eigene Warteschlangen: Wer dort wartet, kann von hier aus nicht "
        'verschoben, vorgezogen oder zugeteilt werden. Eine Zentrale mit switch.kind = "asterisk" kann das.'
    ),
    "There is no pause reason “{}”.": "Einen Pausengrund „{}“ gibt es nicht.",
    "There is no wrap-up to end.": "Es gibt keine Nacharbeit, die zu beenden wäre.",
    "There is no wrap-up to extend.": "Es gibt keine Nacharbeit, die zu verlängern wäre.",
    # what it says to supervisors
    "It ended at this very moment.": "Es endete in eben diesem Augenblick.",
    "That is more than {} rows. Choose longer intervals or less of them.": (
        "Das sind mehr als {} Zeilen. Wählen Sie längere Intervalle oder weniger davon."
    ),
    "to has to come after from, at most {} days.": "Das Ende muss nach dem Anfang liegen, höchstens {} Tage.",
    "A priority goes from -{} to {}; higher is served first.": (
        "Eine Priorität geht von -{} bis {}; höhere kommen früher dran."
    ),
    "There is no queue “{}”.": "Eine Warteschlange „{}“ gibt es nicht.",
    "It waits in that queue already.": "Es wartet schon in dieser Warteschlange.",
    "There is no such interaction, or it is over.": "Diesen Kontakt gibt es nicht, oder er ist vorbei.",
    "{} takes nothing on the channel {}.": "{} nimmt nichts auf dem Kanal {} an.",
    "It does not wait any more.": "Es wartet nicht mehr.",
    "There is no agent “{}”.": "Einen Agenten „{}“ gibt es nicht.",
    "{} is not signed in.": "{} ist nicht angemeldet.",
    "The wrap-up of this queue is not extended.": (
        "In dieser Warteschlange wird die Nacharbeit nicht verlängert."
    ),
    "The wrap-up was extended {} times, as often as can be.": (
        "Die Nacharbeit wurde {}-mal verlängert, so oft es geht."
    ),
    "The centre answered what cannot be read here: {}": (
        "Die Zentrale antwortete, was hier nicht zu lesen ist: {}"
    ),
    # calls
    "Enter a number, a name or a SIP address.": (
        "Geben Sie eine Nummer, einen Namen oder eine SIP-Adresse ein."
    ),
    "“{}” cannot be dialled. Enter a number or an address like sip:name@host.example.": (
        "„{}“ kann nicht gewählt werden. Geben Sie eine Nummer ein oder eine Adresse wie "
        "sip:name@host.example."
    ),
    "There is no server to reach “{}” through. Dial a full address, like sip:name@host.example.": (
        "Es gibt keinen Server, über den „{}“ erreicht werden könnte. Wählen Sie eine ganze Adresse wie "
        "sip:name@host.example."
    ),
    "This phone has no SIP account yet. Sign in, or set one up in the settings.": (
        "Dieses Telefon hat noch kein SIP-Konto. Melden Sie sich an oder richten Sie in den Einstellungen "
        "eines ein."
    ),
    "Only a call in progress can be transferred.": "Nur ein laufendes Gespräch kann weitergeleitet werden.",
    "Both calls must be answered before they can be joined.": (
        "Beide Anrufe müssen angenommen sein, bevor sie verbunden werden können."
    ),
    "Keys can be sent once the call is answered.": "Tasten können gesendet werden, sobald jemand annimmt.",
    "Only a call in progress can be held.": "Nur ein laufendes Gespräch kann gehalten werden.",
    "This call is not on hold.": "Dieser Anruf wird nicht gehalten.",
    "Only the keys 0 to 9, * and # can be sent.": "Nur die Tasten 0 bis 9, * und # können gesendet werden.",
    "The phone cannot make calls: {}.": "Das Telefon kann nicht telefonieren: {}.",
    "The phone did not start in time. Start the program again.": (
        "Das Telefon ist nicht rechtzeitig gestartet. Starten Sie das Programm neu."
    ),
    # the telephone account
    "phone.uri: {} is no SIP address. It looks like sip:name@company.example.": (
        "phone.uri: {} ist keine SIP-Adresse. Sie sieht so aus: sip:name@firma.example."
    ),
    "phone.registrar: {} is no registrar. It looks like sip:pbx.company.example.": (
        "phone.registrar: {} ist kein Registrar. Er sieht so aus: sip:pbx.firma.example."
    ),
    "phone.bind: {} is no IP address of this machine.": (
        "phone.bind: {} ist keine IP-Adresse dieses Rechners."
    ),
    "phone.tls_ca: {} is no file.": "phone.tls_ca: {} ist keine Datei.",
    "{}: {} is none of {}.": "{}: {} ist keines von {}.",
    "The password store cannot be used ({}). The phone asks for the password at each start. "
    "To keep it, install or unlock a keyring (GNOME Keyring, KWallet, Windows Credential Manager, "
    "macOS Keychain).": (
        "Der Passwortspeicher ist nicht benutzbar ({}). Das Telefon fragt bei jedem Start nach dem Passwort. "
        "Um es aufzuheben, richten Sie einen Schlüsselbund ein oder entsperren Sie ihn (GNOME Keyring, "
        "KWallet, Windows-Anmeldeinformationsverwaltung, macOS-Schlüsselbund)."
    ),
    "This computer has no password store that can be used, so the phone's password is kept in memory "
    "only. After a new start you can be called once you have signed in. To keep it, set up or unlock "
    "a keyring (GNOME Keyring, KWallet, Windows Credential Manager, macOS Keychain).": (
        "Dieser Rechner hat keinen nutzbaren Passwortspeicher; das Passwort des Telefons bleibt nur im "
        "Arbeitsspeicher. Nach einem Neustart sind Sie erreichbar, sobald Sie sich angemeldet haben. Um es "
        "aufzuheben, richten Sie einen Schlüsselbund ein oder entsperren Sie ihn (GNOME Keyring, KWallet, "
        "Windows-Anmeldeinformationsverwaltung, macOS-Schlüsselbund)."
    ),
    "The connection to the centre is not encrypted, so it gives your phone no password. Sign in at the "
    "centre's https address, or ask your IT.": (
        "Die Verbindung zur Zentrale ist nicht verschlüsselt, darum gibt sie Ihrem Telefon kein Passwort. "
        "Melden Sie sich an der https-Adresse der Zentrale an, oder fragen Sie Ihre IT."
    ),
    "The registrar does not answer.": "Der Registrar antwortet nicht.",
    "The registrar's certificate is not from an authority that is trusted here. Nothing was sent. "
    "Set phone.tls_ca to its authority's file, or ask your IT.": (
        "Das Zertifikat des Registrars ist von keiner Stelle, der hier getraut wird. Nichts wurde gesendet. "
        "Setzen Sie phone.tls_ca auf die Datei seiner Zertifizierungsstelle, oder fragen Sie Ihre IT."
    ),
    "The registrar's certificate is for another name than it is called by. Nothing was sent. "
    "Check the registrar's name, or ask your IT for a certificate with that name.": (
        "Das Zertifikat des Registrars ist für einen anderen Namen als den, unter dem er gerufen wird. "
        "Nichts wurde gesendet. Prüfen Sie den Namen des Registrars, oder fragen Sie Ihre IT nach einem "
        "Zertifikat mit diesem Namen."
    ),
    "The registrar's certificate has expired, or is not good yet. Nothing was sent. "
    "Check this computer's date, or ask your IT to renew the certificate.": (
        "Das Zertifikat des Registrars ist abgelaufen oder noch nicht gültig. Nichts wurde gesendet. Prüfen "
        "Sie das Datum dieses Rechners, oder bitten Sie Ihre IT, das Zertifikat zu erneuern."
    ),
    "What answers at the registrar's address does not speak TLS, or none that is safe. Nothing was "
    "sent. Check the port (SIP over TLS is mostly at 5061), or ask your IT.": (
        "Was unter der Adresse des Registrars antwortet, spricht kein TLS, oder kein sicheres. Nichts wurde "
        "gesendet. Prüfen Sie den Port (SIP über TLS hat meist 5061), oder fragen Sie Ihre IT."
    ),
    "The registrar cannot be reached: {}. Check its address and the network.": (
        "Der Registrar ist nicht zu erreichen: {}. Prüfen Sie seine Adresse und das Netz."
    ),
    "nobody listens there": "dort hört niemand zu",
    "there was no answer in time": "es kam keine Antwort in der Zeit",
    "there is no way to it on this network": "in diesem Netz führt kein Weg dorthin",
    "A call from {} did not ring: it would not have been encrypted, and this phone takes "
    "encrypted calls only. Ask your IT to have the telephone system offer SRTP.": (
        "Ein Anruf von {} hat nicht geklingelt: Er wäre nicht verschlüsselt gewesen, und dieses Telefon "
        "nimmt nur verschlüsselte Anrufe an. Bitten Sie Ihre IT, dass die Telefonanlage SRTP anbietet."
    ),
    "The registrar's name is not known on the network. Check it, and the network.": (
        "Der Name des Registrars ist im Netz nicht bekannt. Prüfen Sie ihn und das Netz."
    ),
    "The telephone system refuses the password that the centre gave this phone ({} {}). "
    "Sign out and in again; if that does not help, ask your IT.": (
        "Die Telefonanlage weist das Passwort ab, das die Zentrale diesem Telefon gab ({} {}). Melden Sie "
        "sich ab und wieder an; hilft das nicht, fragen Sie Ihre IT."
    ),
    "The registrar refuses the name or the password ({} {}). Check both.": (
        "Der Registrar weist Namen oder Passwort ab ({} {}). Prüfen Sie beides."
    ),
    # sound and history
    "There is no sound device. Plug in a headset; it is used as soon as it is there.": (
        "Es gibt kein Tongerät. Schließen Sie ein Headset an; es wird sofort benutzt."
    ),
    "The note is too long: {} characters, at most {} are kept.": (
        "Die Notiz ist zu lang: {} Zeichen, höchstens {} werden aufgehoben."
    ),
    "This call is not in the history (any more), so nothing can be noted on it.": (
        "Dieser Anruf steht nicht (mehr) in der Anrufliste; zu ihm kann nichts notiert werden."
    ),
    "{}: this is a folder or a device. Name a file for the export.": (
        "{}: Das ist ein Ordner oder ein Gerät. Nennen Sie eine Datei für den Export."
    ),
    "{}: the export cannot be written: {}. Choose another place.": (
        "{}: Der Export kann nicht geschrieben werden: {}. Wählen Sie einen anderen Ort."
    ),
    "The call history in {} was damaged ({}). It is kept as {}, and a new one was begun.": (
        "Die Anrufliste in {} war beschädigt ({}). Sie ist als {} aufgehoben, und eine neue wurde begonnen."
    ),
    "{}: this is a folder. Name a file for the database.": (
        "{}: Das ist ein Ordner. Nennen Sie eine Datei für die Datenbank."
    ),
    "{}: this call history was written by a newer Callboard than this one. Update this program, or let it "
    "use another data folder.": (
        "{}: Diese Anrufliste schrieb ein neueres Callboard als dieses. Aktualisieren Sie dieses Programm, "
        "oder lassen Sie es einen anderen Datenordner benutzen."
    ),
    "{}: Callboard is already running with this call history. Use the window that is open, or close it and "
    "try again.": (
        "{}: Callboard läuft bereits mit dieser Anrufliste. Benutzen Sie das offene Fenster, oder schließen "
        "Sie es und versuchen Sie es erneut."
    ),
    "{}: its tables are not Callboard's ({}). Name another file, or move this one away.": (
        "{}: Ihre Tabellen sind nicht die von Callboard ({}). Nennen Sie eine andere Datei, oder schaffen "
        "Sie diese beiseite."
    ),
    "{}: the database cannot be used: {}.": "{}: Die Datenbank ist nicht benutzbar: {}.",
    "{}: the database is closed: the program is about to end.": (
        "{}: Die Datenbank ist geschlossen: Das Programm endet gerade."
    ),
    "{}: {} ({})": "{}: {} ({})",
    "the disk is full. Free some space; what was not written is tried again.": (
        "Die Platte ist voll. Schaffen Sie Platz; was nicht geschrieben wurde, wird erneut versucht."
    ),
    "the disk cannot be read or written. Check the disk and its connection.": (
        "Die Platte lässt sich nicht lesen oder beschreiben. Prüfen Sie die Platte und ihren Anschluss."
    ),
    "it is read-only. Give this user the right to write to it.": (
        "Die Datei ist schreibgeschützt. Geben Sie diesem Benutzer das Recht zu schreiben."
    ),
    "it cannot be opened. Check that this user may write in its folder.": (
        "Die Datei lässt sich nicht öffnen. Prüfen Sie, ob dieser Benutzer in ihren Ordner schreiben darf."
    ),
    "this user may not use it. Check its permissions.": (
        "Dieser Benutzer darf die Datei nicht benutzen. Prüfen Sie ihre Rechte."
    ),
    "another program holds it. Close that program, or try again.": (
        "Ein anderes Programm hält die Datei. Schließen Sie es, oder versuchen Sie es erneut."
    ),
    "it is damaged. Restart: it is then set aside and a new one begun.": (
        "Die Datei ist beschädigt. Starten Sie neu: Sie wird dann beiseitegelegt und eine neue begonnen."
    ),
    # links with settings
    "This is no link with settings, or a part of it is missing. Open it anew, or ask for a new one.": (
        "Das ist kein Link mit Einstellungen, oder ein Teil von ihm fehlt. Öffnen Sie ihn noch einmal, oder "
        "bitten Sie um einen neuen."
    ),
    "This link is too long to be one with settings. Ask for a new one.": (
        "Dieser Link ist zu lang für einen mit Einstellungen. Bitten Sie um einen neuen."
    ),
    "What this link says cannot be read here. A newer Callboard may be needed.": (
        "Was in diesem Link steht, ist hier nicht lesbar. Vielleicht braucht es ein neueres Callboard."
    ),
    "Nobody may set this computer up by a link yet. Sign in to your centre first, or ask your IT.": (
        "Noch darf niemand diesen Rechner durch einen Link einrichten. Melden Sie sich zuerst an Ihrer "
        "Zentrale an, oder fragen Sie Ihre IT."
    ),
    "This link is signed by somebody this computer does not know. Nothing was changed. Ask your IT whether "
    "it is theirs.": (
        "Diesen Link hat jemand unterschrieben, den dieser Rechner nicht kennt. Nichts wurde geändert. "
        "Fragen Sie Ihre IT, ob er von ihr ist."
    ),
    "The signature of this link is wrong: it was changed or damaged on its way. Nothing was changed. Ask "
    "for a new one.": (
        "Die Unterschrift dieses Links stimmt nicht: Er wurde unterwegs verändert oder beschädigt. Nichts "
        "wurde geändert. Bitten Sie um einen neuen."
    ),
    "This link was good until {} UTC. Nothing was changed. Ask for a new one.": (
        "Dieser Link galt bis {} UTC. Nichts wurde geändert. Bitten Sie um einen neuen."
    ),
    "This link says it is good for more than a year: such links are not taken.": (
        "Dieser Link will länger als ein Jahr gelten: Solche Links werden nicht angenommen."
    ),
    "This link sets what cannot be set so: {}.": "Dieser Link setzt, was so nicht gesetzt werden kann: {}.",
    # the policy, and what was provisioned
    "{}. The policy is not used; the last good one holds.": (
        "{}. Die Richtlinie wird nicht verwendet; die letzte gute gilt weiter."
    ),
    "{}. The policy is not used, and there was no good one before.": (
        "{}. Die Richtlinie wird nicht verwendet, und eine gute gab es vorher nicht."
    ),
    "{}: what was provisioned cannot be read: {}. Sign in to get it anew.": (
        "{}: Was bereitgestellt wurde, ist nicht lesbar: {}. Melden Sie sich an, um es neu zu bekommen."
    ),
    "{}: what was provisioned cannot be kept: {}.": (
        "{}: Was bereitgestellt wurde, kann nicht aufgehoben werden: {}."
    ),
    "{}: the settings cannot be written: {}": "{}: Die Einstellungen können nicht geschrieben werden: {}",
}
