"""The compiled twin of ``scoring_pure.py``, which says what each function means."""

from cpython.mem cimport PyMem_Calloc, PyMem_Free


cdef enum:
    PREFIX_MAX = 4

cdef double BEST = 1.0
cdef double INSIDE = 0.9
cdef double MISFIT = 0.0
cdef double PREFIX_WEIGHT = 0.1


def subsequence_fits(str typed, texts, double threshold):
    cdef list scores = []
    cdef str text
    cdef double score
    for text in texts:
        score = BEST if text.startswith(typed) else subsequence_score(typed, text)
        scores.append(score if score >= threshold else MISFIT)
    return scores


def likeness_fits(str typed, texts, double threshold):
    cdef list scores = []
    cdef str text
    cdef double score
    for text in texts:
        if typed in text:
            score = BEST if text.startswith(typed) else INSIDE
        else:
            score = jaro_winkler_score(typed, text) if threshold else MISFIT
            score = score if score >= threshold else MISFIT
        scores.append(score)
    return scores


cpdef double subsequence_score(str pattern, str text):
    cdef Py_ssize_t size = len(pattern)
    cdef Py_ssize_t length = len(text)
    cdef Py_ssize_t begin, at, end, done, run
    cdef double score, best = -1.0
    cdef Py_UCS4 first
    if size == 0 or pattern == text:
        return 1.0
    first = pattern[0]
    for begin in range(length - size + 1):
        if text[begin] != first:
            continue
        score, end, at, done = 0.0, 0, begin, 0
        while done < size:
            while at < length and text[at] != pattern[done]:
                at += 1
            if at == length:
                return max(best, 0.0) / (size * size)
            run = 0
            while done + run < size and at + run < length and text[at + run] == pattern[done + run]:
                run += 1
            score += run * run - <double> (at - end) / length
            done += run
            at += run
            end = at
        score -= <double> (length - end) / length * 0.5
        best = max(best, score)
    return max(best, 0.0) / (size * size)


cpdef double jaro_winkler_score(str first, str second):
    cdef str short = first if len(first) <= len(second) else second
    cdef str long = second if len(first) <= len(second) else first
    cdef Py_ssize_t size = len(short)
    cdef Py_ssize_t length = len(long)
    cdef Py_ssize_t reach = max(length // 2 - 1, 0)
    cdef Py_ssize_t own, place, count = 0, swapped = 0, prefix = 0
    cdef char *taken
    cdef double jaro
    if first == second:
        return 1.0
    if size == 0:
        return 0.0
    # One byte for each letter of both texts: whether it is matched.
    taken = <char *> PyMem_Calloc(size + length, 1)
    if taken == NULL:
        raise MemoryError
    try:
        for own in range(size):
            for place in range(max(own - reach, 0), min(own + reach + 1, length)):
                if not taken[size + place] and long[place] == short[own]:
                    taken[own] = taken[size + place] = 1
                    count += 1
                    break
        if count == 0:
            return 0.0
        place = 0
        for own in range(size):
            if taken[own]:
                while not taken[size + place]:
                    place += 1
                swapped += short[own] != long[place]
                place += 1
    finally:
        PyMem_Free(taken)
    while prefix < min(PREFIX_MAX, size) and short[prefix] == long[prefix]:
        prefix += 1
    jaro = (
        <double> count / size + <double> count / length + (count - swapped * 0.5) / count
    ) / 3
    return jaro + prefix * PREFIX_WEIGHT * (1 - jaro)
