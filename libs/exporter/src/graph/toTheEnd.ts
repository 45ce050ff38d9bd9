/** An end for a Slice beyond every length that it can meet. */
export const toTheEnd = 2 ** 53 - 1;
