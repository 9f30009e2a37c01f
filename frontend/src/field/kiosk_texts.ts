/*
 * Every sentence of the kiosk, in three languages side by side, to be proofread together.
 * `easy` is やさしい日本語: short sentences, spaces between words, no kanji that is not needed.
 * The sentences of the volunteer's own phone stand in intake/selfcheckin/texts.py.
 */
export const LANGUAGES = { ja: "日本語", en: "English", easy: "やさしい日本語" } as const;
export type Language = keyof typeof LANGUAGES;

export const TEXTS = {
  show: {
    ja: "カードのQRを、カメラに見せてください",
    en: "Show the QR code on your card to the camera",
    easy: "カードの QRを カメラに みせて ください",
  },
  first: {
    ja: "はじめての方、カードのない方は、受付の人に声をかけてください。",
    en: "First time, or no card? Please ask the reception staff.",
    easy: "はじめての ひと、カードが ない ひとは、うけつけの ひとに いって ください。",
  },
  done: { ja: "受付しました", en: "You are checked in", easy: "うけつけ しました" },
  again: { ja: "もう受付が済んでいます", en: "You are already checked in", easy: "もう うけつけ しました" },
  san: { ja: "さん", en: "", easy: "さん" },
  orientation: {
    ja: "つぎは、説明を聞いてください",
    en: "Next: please attend the briefing",
    easy: "つぎは、せつめいを きいて ください",
  },
  desk: {
    ja: "受付の人にも声をかけてください（確かめることがあります）",
    en: "Please also see the reception staff (something to check)",
    easy: "うけつけの ひとにも いって ください",
  },
  wait: {
    ja: "呼ばれるまで、マッチングの場所で待ってください",
    en: "Please wait in the matching area until you are called",
    easy: "マッチングの ばしょで まって ください",
  },
  trouble: {
    ja: "受付の人に声をかけてください",
    en: "Please ask the reception staff",
    easy: "うけつけの ひとに いって ください",
  },
  recorded: {
    ja: "カードは読み取りました。名前は、まだ確かめていません。",
    en: "Your card was read, but your name is not checked yet.",
    easy: "カードは よみました。なまえは まだ わかりません。",
  },
  noCamera: {
    ja: "いまカメラを使えません",
    en: "The camera is not working now",
    easy: "いま カメラが つかえません",
  },
} as const satisfies Record<string, Record<Language, string>>;

export type Text = keyof typeof TEXTS;
