"""The German of the windows: English, as it stands in the code, to German."""

from typing import Final

from ui.widgets.german_consult import CONSULT
from ui.widgets.german_health import HEALTH
from ui.widgets.german_links import LINKS
from ui.widgets.german_recording import RECORDING
from ui.widgets.german_settings import SETTINGS

GERMAN: Final[dict[str, str]] = (
    {
        **LINKS,
        **CONSULT,
        **RECORDING,
        "A call rang unanswered. Become ready to get calls again.": (
            "Ein Anruf blieb unbeantwortet. Mit „Bereit“ kommen wieder Anrufe."
        ),
        "A note has at most {n} characters.": "Eine Notiz hat höchstens {n} Zeichen.",
        "A plain SIP phone with its own history, on any SIP account": (
            "Ein einfaches SIP-Telefon mit eigener Anrufliste, an jedem SIP-Konto"
        ),
        "Account name": "Kontoname",
        "Account password": "Kontopasswort",
        "Address for SIP and RTP; empty: all.": "Adresse für SIP und RTP; leer: alle.",
        "After the call": "Nach dem Anruf",
        "After the call with {name}": "Nach dem Anruf mit {name}",
        "Afterwards: pause, {reason}": "Danach: Pause, {reason}",
        "Always": "Immer",
        "Answer": "Annehmen",
        "Answer calls at once": "Anrufe sofort annehmen",
        "Answer or decline below.": "Unten annehmen oder ablehnen.",
        "Answer the centre's calls at once.": "Anrufe der Zentrale sofort annehmen.",
        "Asked to be called back": "Bat um einen Rückruf",
        "Customer": "Kunde",
        "In this queue wrap-up cannot be made longer.": "In dieser Warteschlange nicht verlängerbar.",
        "It was made longer as often as the centre allows.": "So oft verlängert, wie die Zentrale erlaubt.",
        "Longer": "Länger",
        "Longer: {time}": "Länger: {time}",
        "Only then: nothing is cut short.": "Erst dann: Nichts wird abgebrochen.",
        "Pause &after this call": "Pause &nach diesem Anruf",
        "Pause &after this wrap-up": "Pause &nach dieser Nachbearbeitung",
        "Pause &now": "Pause &jetzt",
        "The call that rings goes to the next agent.": "Der klingelnde Anruf geht an den nächsten Agenten.",
        "The pause begins as soon as this call is over, without wrap-up.": (
            "Die Pause beginnt, sobald dieser Anruf vorbei ist, ohne Nachbearbeitung."
        ),
        "The wrap-up ends at once.": "Die Nachbearbeitung endet sofort.",
        "Wrap up longer": "Nachbearbeitung verlängern",
        "{caller} rings at your telephone: answer there.": (
            "{caller} klingelt an Ihrem Telefon: dort annehmen."
        ),
        "{name} could not be reached. The centre sees to the next try.": (
            "{name} war nicht zu erreichen. Die Zentrale sorgt für den nächsten Versuch."
        ),
        "Answered elsewhere": "Woanders angenommen",
        "Ask first": "Erst fragen",
        "Asking the centre…": "Die Zentrale wird gefragt …",
        "Back office": "Sachbearbeitung",
        "Break": "Pause",
        "Busy": "Besetzt",
        "Call": "Anrufen",
        "Call back": "Rückruf",
        "Call history": "Anrufliste",
        "Call somebody": "Jemanden anrufen",
        "Call somebody: number, name or address": "Jemanden anrufen: Nummer, Name oder Adresse",
        "Call {name} back  (Enter)": "{name} zurückrufen  (Eingabe)",
        "Callers waiting in your queues": "Wartende in Ihren Warteschlangen",
        "Calling…": "Ruft an …",
        "Calls ring at your telephone.": "Anrufe klingeln an Ihrem Telefon.",
        "Calls ring here.": "Anrufe klingeln hier.",
        "Cancel": "Abbrechen",
        "Cancelled": "Abgebrochen",
        "called {time} ago": "rief vor {time} an",
        "Callback": "Rückruf",
        "Calling the customer…": "Ruft den Kunden an …",
        "Can be made longer once more.": "Noch einmal verlängerbar.",
        "Can be made longer {n} more times.": "Noch {n}-mal verlängerbar.",
        "Centre": "Zentrale",
        "Centre lost, trying again…": "Zentrale verloren, neuer Versuch …",
        "Close": "Schließen",
        "Closing the window ends your call.": "Das Schließen des Fensters beendet Ihren Anruf.",
        "Codec {codec}": "Codec {codec}",
        "Codecs": "Codecs",
        "Codecs by preference.": "Codecs nach Vorliebe.",
        "Connecting…": "Verbindet …",
        "Dark": "Dunkel",
        "Days to keep a call; 0 keeps all.": "Tage, die ein Anruf aufgehoben wird; 0 behält alle.",
        "Decline": "Ablehnen",
        "Declined": "Abgelehnt",
        "Deutsch": "Deutsch",
        "Dial a number, a name or a SIP address.": (
            "Wählen Sie eine Nummer, einen Namen oder eine SIP-Adresse."
        ),
        "Dismiss": "Ausblenden",
        "Done": "Fertig",
        "en, de or system.": "en, de oder system.",
        "encrypted": "verschlüsselt",
        "Encrypted sound": "Verschlüsselter Ton",
        "End call": "Auflegen",
        "End the call and close": "Auflegen und schließen",
        "Ended": "Beendet",
        "English": "English",
        "Enter a number, a name or a SIP address.": (
            "Geben Sie eine Nummer, einen Namen oder eine SIP-Adresse ein."
        ),
        "Enter where the call is to go.": "Geben Sie an, wohin der Anruf gehen soll.",
        "Every call is kept here, with your notes. Dial a number to begin.": (
            "Hier steht jeder Anruf mit Ihren Notizen. Wählen Sie eine Nummer."
        ),
        "Export": "Exportieren",
        "Export as CSV…": "Als CSV exportieren …",
        "Export as JSON…": "Als JSON exportieren …",
        "Export the call history": "Anrufliste exportieren",
        "Failed": "Gescheitert",
        "Fair": "Mäßig",
        "Finish wrap-up": "Nachbearbeitung beenden",
        "Friday": "Freitag",
        "Good": "Gut",
        "Hold": "Halten",
        "Hold or resume": "Halten oder fortsetzen",
        "In progress": "Läuft noch",
        "incoming": "eingehend",
        "Incoming call": "Eingehender Anruf",
        "Interrupted": "Unterbrochen",
        "It rings here. F2 answers.": "Er klingelt hier. F2 nimmt an.",
        "Join with {name}": "Mit {name} verbinden",
        "Keep history for (days)": "Anrufliste aufheben (Tage)",
        "Kept": "Gespeichert",
        "Kept in the system's keyring, never in a file.": (
            "Liegt im Schlüsselbund des Systems, nie in einer Datei."
        ),
        "Keypad": "Tasten",
        "Language": "Sprache",
        "Light": "Hell",
        "Light or dark": "Hell oder dunkel",
        "light, dark or system.": "light, dark oder system.",
        "Like the system": "Wie das System",
        "Look": "Aussehen",
        "Lost {loss} % · jitter {jitter} ms · round trip {rtt} ms": (
            "Verlust {loss} % · Jitter {jitter} ms · Umlauf {rtt} ms"
        ),
        "Lunch": "Mittag",
        "Meeting": "Besprechung",
        "Menu": "Menü",
        "Microphone": "Mikrofon",
        "Missed": "Verpasst",
        "Missed {n}": "Verpasst {n}",
        "Monday": "Montag",
        "Mute": "Stumm",
        "Mute or unmute": "Stumm oder laut",
        "Muted": "Stummgeschaltet",
        "Name for digest authentication; empty: the address's user.": (
            "Name für die Anmeldung (Digest); leer: der Benutzer der Adresse."
        ),
        "Network address": "Netzwerkadresse",
        "No answer": "Keine Antwort",
        "No call at hand": "Kein Anruf",
        "No calls come until you are done.": "Es kommen keine Anrufe, bis Sie fertig sind.",
        "No calls come until you are ready.": "Keine Anrufe, bis Sie bereit sind.",
        "No calls yet": "Noch keine Anrufe",
        "No centre: calls go straight to your phone.": "Keine Zentrale: Anrufe gehen direkt an Ihr Telefon.",
        "No customer": "Kein Kunde",
        "No microphone": "Kein Mikrofon",
        "No missed calls": "Keine verpassten Anrufe",
        "No speaker": "Kein Lautsprecher",
        "No speaker and no microphone": "Kein Lautsprecher und kein Mikrofon",
        "Not answered": "Nicht angenommen",
        "not encrypted": "unverschlüsselt",
        "Not kept: {why}": "Nicht gespeichert: {why}",
        "Not registered{code}": "Nicht registriert{code}",
        "Not responding": "Antwortet nicht",
        "Note": "Notiz",
        "Nothing found for “{text}”": "Nichts gefunden für „{text}“",
        "Nowhere": "Nirgends",
        "Number or name": "Nummer oder Name",
        "Number, name or SIP address  (Ctrl+L)": "Nummer, Name oder SIP-Adresse  (Strg+L)",
        "Number, name, address or queue": "Nummer, Name, Adresse oder Warteschlange",
        "Off": "Aus",
        "off, optional (encrypted when the other side asks for it) or required.": (
            "off, optional (verschlüsselt, wenn die Gegenseite es verlangt) oder required."
        ),
        "File with the authorities that a TLS registrar's certificate may come from; empty: the system's.": (
            "Datei mit den Stellen, denen beim Zertifikat eines TLS-Registrars getraut wird; "
            "leer: die des Systems."
        ),
        "Offline": "Abgemeldet",
        "On a call": "Im Gespräch",
        "On hold": "Gehalten",
        "Online": "Verbunden",
        "Online as {name}": "Verbunden als {name}",
        "Other": "Sonstiges",
        "Outcome": "Ergebnis",
        "Outcome: none": "Ergebnis: keines",
        "outgoing": "ausgehend",
        "Parts of names and numbers are enough.": "Teile von Namen und Nummern genügen.",
        "Passed on": "Weitergegeben",
        "Password": "Passwort",
        "Pause": "Pause",
        "Paused": "Pause",
        "Pause…": "Pause …",
        "Phone alone": "Nur Telefon",
        "Poor": "Schlecht",
        "Press Ready to get calls, or dial.": "Mit „Bereit“ bekommen Sie Anrufe, oder wählen Sie.",
        "Queue": "Warteschlange",
        "Quit": "Beenden",
        "Ready": "Bereit",
        "Ready for the next call": "Bereit für den nächsten Anruf",
        "Refused": "Abgewiesen",
        "Registered": "Registriert",
        "Registrar": "Registrar",
        "Resume": "Fortsetzen",
        "Ringing": "Klingelt",
        "Ringing: {name}": "Klingelt: {name}",
        "Rings on": "Klingelt auf",
        "Rings there": "Klingelt dort",
        "Saturday": "Samstag",
        "Save": "Speichern",
        "Search by name, number, queue or note  (Ctrl+F)": (
            "Suche nach Name, Nummer, Warteschlange oder Notiz  (Strg+F)"
        ),
        "Search calls": "Anrufe suchen",
        "Search history": "Anrufliste durchsuchen",
        "Search the call history": "Die Anrufliste durchsuchen",
        "Settings": "Einstellungen",
        "Show all calls": "Alle Anrufe zeigen",
        "Sign in": "Anmelden",
        "Sign in to take calls.": "Melden Sie sich an, um Anrufe anzunehmen.",
        "Sign in to your centre to take calls.": "Melden Sie sich an Ihrer Zentrale an.",
        "Sign out": "Abmelden",
        "Sign-in name to offer first.": "Anmeldename, der zuerst angeboten wird.",
        "Sign-in refused": "Anmeldung abgewiesen",
        "Signed out": "Abgemeldet",
        "Signing in…": "Meldet an …",
        "SIP address": "SIP-Adresse",
        "SIP address of this phone, sip:name@company.example; empty: none.": (
            "SIP-Adresse dieses Telefons, sip:name@company.example; leer: keine."
        ),
        "SIP URI of the registrar, sip:pbx.company.example; empty: do not register.": (
            "SIP-URI des Registrars, sip:pbx.company.example; leer: nicht registrieren."
        ),
        "Skill asked for": "Verlangte Fähigkeit",
        "Solved": "Gelöst",
        "Sound": "Ton",
        "Sound quality (MOS) from 1 to 4.5, {scale}": "Tonqualität (MOS) von 1 bis 4,5, {scale}",
        "Speaker": "Lautsprecher",
        "Sunday": "Sonntag",
        "Take the time you need.": "Nehmen Sie sich die Zeit, die Sie brauchen.",
        "Talk to them while the caller waits, then hand over": (
            "Erst dort fragen, während der Anrufer wartet, dann übergeben"
        ),
        "Talking": "Im Gespräch",
        "TCP": "TCP",
        "Telephone": "Telefon",
        "telephone scale": "Telefonskala",
        "The call to {name} failed{why}.": "Der Anruf bei {name} ging nicht{why}.",
        "The call to {name} was refused{why}.": "Der Anruf bei {name} wurde abgewiesen{why}.",
        "The caller rings there at once; the call leaves your desk  (Enter)": (
            "Der Anrufer klingelt sofort dort; der Anruf verlässt Ihren Platz  (Eingabe)"
        ),
        "The centre ends wrap-up by itself.": "Die Zentrale beendet die Nachbearbeitung von selbst.",
        "The centre is out of reach: your state cannot be changed until it is back.": (
            "Die Zentrale ist nicht erreichbar: Ihr Zustand lässt sich erst wieder ändern, wenn sie "
            "zurück ist."
        ),
        "The centre is out of reach; trying again. Calls at hand go on, nothing written is lost.": (
            "Die Zentrale ist nicht erreichbar; wir versuchen es weiter. Laufende Anrufe gehen weiter, "
            "nichts Geschriebenes geht verloren."
        ),
        "The centre refused the sign-in. Sign in again.": (
            "Die Zentrale hat die Anmeldung abgewiesen. Melden Sie sich neu an."
        ),
        "The centre refused: {reason} Sign in again.": (
            "Die Zentrale hat abgewiesen: {reason} Melden Sie sich neu an."
        ),
        "The history is in {file}.": "Die Anrufliste steht in {file}.",
        "The password or the sign-in is no longer accepted.": "Passwort oder Anmeldung gelten nicht mehr.",
        "The system's default": "Wie im System eingestellt",
        "The transfer did not work (answer {code}). The caller is still yours.": (
            "Die Weitergabe ging nicht (Antwort {code}). Der Anrufer ist noch bei Ihnen."
        ),
        "The transfer was refused: nobody may be called there. The caller is still yours.": (
            "Die Weitergabe wurde abgelehnt: dorthin darf nicht angerufen werden. Der Anrufer ist noch "
            "bei Ihnen."
        ),
        "Theme": "Farben",
        "There is no microphone: callers cannot hear you. Plug in a headset.": (
            "Es gibt kein Mikrofon: Anrufer hören Sie nicht. Stecken Sie ein Headset ein."
        ),
        "There is no sound device: callers cannot hear you, nor you them. Plug in a headset.": (
            "Es gibt kein Tongerät: Anrufer hören Sie nicht und Sie nicht die Anrufer. Stecken Sie ein "
            "Headset ein."
        ),
        "There is no speaker: you cannot hear callers. Plug in a headset.": (
            "Es gibt keinen Lautsprecher: Sie hören Anrufer nicht. Stecken Sie ein Headset ein."
        ),
        "Thursday": "Donnerstag",
        "TLS (encrypted)": "TLS (verschlüsselt)",
        "Training": "Schulung",
        "Transfer": "Verbinden",
        "Transfer now": "Jetzt verbinden",
        "Transfer to": "Verbinden mit",
        "Transfer {name}": "{name} verbinden",
        "Transport": "Transport",
        "Tuesday": "Dienstag",
        "UDP": "UDP",
        "udp, tcp or tls.": "udp, tcp oder tls.",
        "unchanged": "unverändert",
        "Unknown caller": "Unbekannter Anrufer",
        "Unmute": "Laut",
        "URL of the centre, https://centre.company.example; empty: a plain SIP phone.": (
            "URL der Zentrale, https://centre.company.example; leer: ein einfaches SIP-Telefon."
        ),
        "Use without a centre": "Ohne Zentrale verwenden",
        "User": "Benutzer",
        "Very good": "Sehr gut",
        "Waited before the answer": "Gewartet bis zur Annahme",
        "waited {time}": "wartete {time}",
        "Waiting in your queues": "Wartende in Ihren Schlangen",
        "waiting {time}": "wartet {time}",
        "Wallboard": "Wallboard",
        "Wednesday": "Mittwoch",
        "What picks up the voice; empty: the system's default.": (
            "Was die Stimme aufnimmt; leer: wie im System eingestellt."
        ),
        "What was it about? Kept while you type.": "Worum ging es? Wird beim Tippen gespeichert.",
        "When the other side can": "Wenn die Gegenseite es kann",
        "Where it rings; empty: the system's default, none: nowhere.": (
            "Wo es klingelt; leer: wie im System eingestellt, none: nirgends."
        ),
        "Where voices are heard; empty: the system's default.": (
            "Wo Stimmen zu hören sind; leer: wie im System eingestellt."
        ),
        "wideband scale": "Breitbandskala",
        "Wrap-up": "Nachbearbeitung",
        "Write a note": "Notiz schreiben",
        "Writing…": "Schreibt …",
        "Yesterday {clock}": "Gestern {clock}",
        "You may not call {name}{why}.": "Sie dürfen {name} nicht anrufen{why}.",
        "Your phone and {name}'s have no codec or encryption in common{why}. Tell your IT.": (
            "Ihr Telefon und das von {name} haben keinen Codec oder keine Verschlüsselung gemeinsam{why}. "
            "Sagen Sie es Ihrer IT."
        ),
        "Your state: {state}": "Ihr Zustand: {state}",
        "{h} h {m} min": "{h} Std. {m} Min.",
        "{m} min": "{m} Min.",
        "{m} min {s} s": "{m} Min. {s} s",
        "{name} cannot be found{why}. Check the number.": (
            "{name} ist nicht zu finden{why}. Prüfen Sie die Nummer."
        ),
        "{name} does not answer.": "{name} antwortet nicht.",
        "{name} is busy.": "{name} ist besetzt.",
        "{n} more  {waiting}": "{n} weitere  {waiting}",
        "{reason} You cannot be called. Trying again.": (
            "{reason} Sie sind nicht anrufbar. Neuer Versuch folgt."
        ),
        "{s} s": "{s} s",
        "{what}: plug in a headset.": "{what}: Stecken Sie ein Headset ein.",
        "{n} stranger refused": "{n} Fremder abgewiesen",
        "{n} strangers refused": "{n} Fremde abgewiesen",
        "Calls that came neither from your centre nor from your provider were refused and did not ring; "
        "the last one from {source}.": (
            "Anrufe, die weder von Ihrer Zentrale noch von Ihrem Anbieter kamen, wurden abgewiesen und "
            "klingelten nicht; der letzte kam von {source}."
        ),
        "{fault}. Mend the file and start again; until then changes are not kept.": (
            "{fault}. Berichtigen Sie die Datei und starten Sie neu; bis dahin wird keine Änderung "
            "aufgehoben."
        ),
        "Try now": "Jetzt versuchen",
        "Type, or press Down for the queues and the calls of late": (
            "Tippen, oder Pfeil nach unten für Warteschlangen und letzte Anrufe"
        ),
        "You are one of this centre's agents: when it rings (the first call comes at once), press F2 to "
        "answer and F8 to end the call. Closing this window ends the demo.": (
            "Sie gehören zu den Agenten dieser Zentrale: Wenn es klingelt (der erste Anruf kommt sofort), "
            "nimmt F2 an, und F8 legt auf. Wer dieses Fenster schließt, beendet die Demo."
        ),
    }
    | SETTINGS
    | HEALTH
)
