"""The sentences of findings that need no model, in the languages that they are known in."""

_LANGUAGES = ("english", "german", "french", "spanish", "chinese")
_NAMES = {
    "en": "english",
    "de": "german",
    "deutsch": "german",
    "fr": "french",
    "français": "french",
    "es": "spanish",
    "español": "spanish",
    "zh": "chinese",
    "中文": "chinese",
}
# One sentence for each of `_LANGUAGES`.
_SENTENCES: dict[str, tuple[str, str, str, str, str]] = {
    "returns": (
        "`{call}` returns {returned}, but its documentation says {expected}.",
        "`{call}` ergibt {returned}, laut Dokumentation aber {expected}.",
        "`{call}` renvoie {returned}, mais sa documentation indique {expected}.",
        "`{call}` devuelve {returned}, pero su documentación dice {expected}.",
        "`{call}` 返回 {returned},但文档说明应为 {expected}。",
    ),
    "raises": (
        "`{call}` raises {failed}, but its documentation says {expected}.",
        "`{call}` löst {failed} aus, laut Dokumentation ergibt es {expected}.",
        "`{call}` lève {failed}, mais sa documentation indique {expected}.",
        "`{call}` lanza {failed}, pero su documentación dice {expected}.",
        "`{call}` 引发 {failed},但文档说明应为 {expected}。",
    ),
    "perhaps": (
        "Perhaps: {instead}",
        "Vielleicht: {instead}",
        "Peut-être : {instead}",
        "Quizás: {instead}",
        "也许应为:{instead}",
    ),
    "possible": (
        "Possible {what}: the model would write `{instead}` here.",
        "Möglicher Fehler ({what}): Das Modell würde hier `{instead}` schreiben.",
        "Erreur possible ({what}) : le modèle écrirait ici `{instead}`.",
        "Posible error ({what}): el modelo escribiría aquí `{instead}`.",
        "可能有错误({what}):模型会在此处写 `{instead}`。",
    ),
    "compared for nothing": (
        "`{code}` compares and does nothing with the result.",
        "`{code}` vergleicht und tut nichts mit dem Ergebnis.",
        "`{code}` compare sans rien faire du résultat.",
        "`{code}` compara y no hace nada con el resultado.",
        "`{code}` 进行了比较,但没有使用结果。",
    ),
    "assigned to itself": (
        "`{code}` changes nothing.",
        "`{code}` ändert nichts.",
        "`{code}` ne change rien.",
        "`{code}` no cambia nada.",
        "`{code}` 没有任何作用。",
    ),
    "compared with itself": (
        "`{code}` compares a value with itself.",
        "`{code}` vergleicht einen Wert mit sich selbst.",
        "`{code}` compare une valeur à elle-même.",
        "`{code}` compara un valor consigo mismo.",
        "`{code}` 将一个值与其自身比较。",
    ),
    "identity of a literal": (
        "`{code}` asks whether it is the same object, not whether it is equal.",
        "`{code}` fragt, ob es dasselbe Objekt ist, nicht ob es gleich ist.",
        "`{code}` teste s'il s'agit du même objet, pas l'égalité.",
        "`{code}` pregunta si es el mismo objeto, no si es igual.",
        "`{code}` 判断的是是否为同一对象,而不是是否相等。",
    ),
    "asked twice": (
        "`{code}` was asked above already, so this branch is never taken.",
        "`{code}` wurde oben schon gefragt, dieser Zweig wird nie erreicht.",
        "`{code}` est déjà testé plus haut, cette branche n'est jamais prise.",
        "`{code}` ya se preguntó arriba, esta rama nunca se toma.",
        "`{code}` 在上面已经判断过,此分支永远不会执行。",
    ),
    "index too large": (
        "`{code}` goes one past the end, where the index raises IndexError.",
        "`{code}` geht eins zu weit, dort löst der Index IndexError aus.",
        "`{code}` va un cran trop loin, où l'indice lève IndexError.",
        "`{code}` llega uno más allá del final, donde el índice lanza IndexError.",
        "`{code}` 超出末尾一位,索引会引发 IndexError。",
    ),
    "never reached": (
        "`{code}` is never reached.",
        "`{code}` wird nie erreicht.",
        "`{code}` n'est jamais atteint.",
        "`{code}` nunca se alcanza.",
        "`{code}` 永远不会执行。",
    ),
    "endless recursion": (
        "`{code}` calls the function with the same arguments, which never ends.",
        "`{code}` ruft die Funktion mit denselben Argumenten auf, was nie endet.",
        "`{code}` appelle la fonction avec les mêmes arguments, sans fin.",
        "`{code}` llama a la función con los mismos argumentos, sin fin.",
        "`{code}` 用相同的参数调用自身,永远不会结束。",
    ),
}


def sentence(language: str, name: str, **words: str) -> str:
    """Return a sentence in `language`, in English where it is not known in that one."""
    wanted = language.strip().casefold()
    known = _NAMES.get(wanted, wanted)
    place = _LANGUAGES.index(known) if known in _LANGUAGES else 0
    return _SENTENCES[name][place].format(**words)
