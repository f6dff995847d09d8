-- After the rows, because building an index once is cheaper than growing it.

ALTER TABLE public.deposits ADD PRIMARY KEY (deposit_id);
ALTER TABLE public.investments ADD PRIMARY KEY (investment_id);
ALTER TABLE public.loans ADD PRIMARY KEY (loan_id);
ALTER TABLE public.shipments ADD PRIMARY KEY (shipment_id);

CREATE INDEX deposits_updated_at ON public.deposits (updated_at);
CREATE INDEX investments_updated_at ON public.investments (updated_at);
CREATE INDEX loans_updated_at ON public.loans (updated_at);
CREATE INDEX shipments_updated_at ON public.shipments (updated_at);

SELECT setval(pg_get_serial_sequence('public.deposits', 'deposit_id'), coalesce(max(deposit_id), 0) + 1, false) FROM public.deposits;
SELECT setval(pg_get_serial_sequence('public.investments', 'investment_id'), coalesce(max(investment_id), 0) + 1, false) FROM public.investments;
SELECT setval(pg_get_serial_sequence('public.loans', 'loan_id'), coalesce(max(loan_id), 0) + 1, false) FROM public.loans;
SELECT setval(pg_get_serial_sequence('public.shipments', 'shipment_id'), coalesce(max(shipment_id), 0) + 1, false) FROM public.shipments;

ANALYZE public.deposits, public.investments, public.loans, public.shipments;
