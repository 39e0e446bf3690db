-- Gives the times in the schema hiringcenter their zone: target-postgres makes columns of "timestamp without time zone", whose
-- values are UTC. It leaves columns that are "timestamptz" as they are, and puts times into them rightly.
-- To be run after the first load, and again when a stream or a column has come; it does what is left to do.
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT columns.table_name, string_agg(format('ALTER %1$I TYPE timestamptz USING %1$I AT TIME ZONE ''UTC''', column_name), ', ') AS changes
        FROM information_schema.columns
        JOIN information_schema.tables USING (table_schema, table_name)
        WHERE table_schema = 'hiringcenter' AND table_type = 'BASE TABLE' AND data_type = 'timestamp without time zone'
        GROUP BY columns.table_name
    LOOP
        EXECUTE format('ALTER TABLE hiringcenter.%I %s', found.table_name, found.changes);
    END LOOP;
END
$$;
