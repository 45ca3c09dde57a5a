package oa.crm.jdbc;

import java.util.concurrent.ConcurrentHashMap;

/** Placeholders as JDBC wants them; the texts recur, so each is converted once. */
final class Placeholders {
    /** Beyond it texts are converted each time: filters of saved views are the only ones that vary. */
    private static final int KEPT = 2_000;

    private final ConcurrentHashMap<String, Text> texts = new ConcurrentHashMap<>();

    Text of(String sql, boolean numbered) {
        if (!numbered) return new Text(sql, null);
        Text known = texts.get(sql);
        if (known != null) return known;
        Text text = convert(sql);
        if (texts.size() < KEPT) texts.put(sql, text);
        return text;
    }

    /** {@code $2} becomes {@code ?}, and an operator's {@code ?} becomes {@code ??}, outside quotes. */
    static Text convert(String sql) {
        StringBuilder out = new StringBuilder(sql.length());
        int[] values = new int[sql.length() / 2 + 1];
        int places = 0;
        char quote = 0;
        for (int at = 0; at < sql.length(); at++) {
            char c = sql.charAt(at);
            if (quote != 0) {
                if (c == quote) quote = 0;
            } else if (c == '\'' || c == '"') {
                quote = c;
            } else if (c == '?') {
                out.append('?');
            } else if (c == '$' && at + 1 < sql.length() && Character.isDigit(sql.charAt(at + 1))) {
                int number = 0;
                while (at + 1 < sql.length() && Character.isDigit(sql.charAt(at + 1))) {
                    number = number * 10 + sql.charAt(++at) - '0';
                }
                values[places++] = number - 1;
                c = '?';
            }
            out.append(c);
        }
        return new Text(out.toString(), java.util.Arrays.copyOf(values, places));
    }

    static final class Text {
        final String sql;
        private final int[] values;

        private Text(String sql, int[] values) {
            this.sql = sql;
            this.values = values;
        }

        /** How many placeholders there are. */
        int places(int parameters) {
            return values == null ? parameters : values.length;
        }

        /** Which parameter, from 0, stands at a place, from 1. */
        int value(int place) {
            return values == null ? place - 1 : values[place - 1];
        }
    }
}
