namespace DataLake.SampleSource;

/// <summary>
/// The statements of the applications that use a table. $1 is where in the key's range, from 0 to 1, and $2 a number for new values.
/// now() is the transaction's start, so updated_at is never later than its commit. Rows that another transaction holds are passed
/// over: waiting for one could make a commit later than the traffic promises.
/// </summary>
internal sealed record TrafficTable
{
    internal static readonly TrafficTable[] All =
    [
        new("deposits", "deposit_id",
            "account_number, customer_name, customer_email, branch_code, amount, balance, currency, interest_rate, opened_on, matures_on, is_joint, channel, reference, notes",
            "account_number, customer_name, customer_email, branch_code, $2 / 100.0, $2 / 100.0, currency, interest_rate, now()::date, NULL, is_joint, 'mobile', gen_random_uuid(), NULL",
            "balance = balance + $2 / 100.0, notes = CASE WHEN $2 % 5 = 0 THEN 'Balance changed by ' || $2 ELSE notes END"),
        new("investments", "investment_id",
            "account_number, customer_name, customer_email, instrument, isin, quantity, unit_price, currency, traded_on, settled_on, risk_score, is_discretionary, attributes",
            "account_number, customer_name, customer_email, instrument, isin, $2 / 1000.0, unit_price, currency, now()::date, NULL, risk_score, is_discretionary, attributes",
            "unit_price = greatest(1, unit_price + $2 % 200 / 100.0 - 1), settled_on = coalesce(settled_on, now()::date), attributes = jsonb_set(attributes, '{lots}', to_jsonb($2 % 40 + 1))"),
        new("loans", "loan_id",
            "account_number, customer_name, customer_email, principal, outstanding, currency, annual_rate, term_months, started_on, paid_off_on, in_arrears, days_late, collateral",
            "account_number, customer_name, customer_email, 1000 + $2 / 10.0, 1000 + $2 / 10.0, currency, annual_rate, term_months, now()::date, NULL, false, NULL, collateral",
            "outstanding = greatest(0, outstanding - $2 / 100.0), in_arrears = $2 % 17 = 0, days_late = CASE WHEN $2 % 17 = 0 THEN 1 + $2 % 30 END"),
        new("shipments", "shipment_id",
            "origin_state, origin_area, destination_state, destination_area, quarter, commodity_code, industry_code, mode, value, weight, great_circle_distance, routed_distance, temperature_controlled, export, export_country, hazmat_code, weight_factor, shipped_at, delivered_at",
            "origin_state, origin_area, destination_state, destination_area, extract(quarter FROM now()), commodity_code, industry_code, mode, $2 / 100.0, 1 + $2 / 50, great_circle_distance, routed_distance, temperature_controlled, export, export_country, hazmat_code, weight_factor, now(), NULL",
            "delivered_at = coalesce(delivered_at, now()), value = value + $2 % 100 / 100.0"),
    ];

    private TrafficTable(string table, string key, string columns, string values, string changes)
    {
        // The first row at or after the place that nobody holds.
        var chosen = $"""
            SELECT {key} FROM public.{table}
            WHERE {key} >= (SELECT (max({key}) * $1::double precision)::bigint FROM public.{table})
            ORDER BY {key} LIMIT 1 FOR UPDATE SKIP LOCKED
            """;
        Insert = $"""
            INSERT INTO public.{table} ({columns}, created_at, updated_at)
            SELECT {values}, now(), now() FROM public.{table}
            WHERE {key} >= (SELECT (max({key}) * $1::double precision)::bigint FROM public.{table})
            ORDER BY {key} LIMIT 1
            """;
        Update = $"UPDATE public.{table} SET {changes}, updated_at = now() WHERE {key} = ({chosen})";
        Delete = $"DELETE FROM public.{table} WHERE {key} = ({chosen})";
    }

    internal string Insert { get; }

    internal string Update { get; }

    internal string Delete { get; }
}
