-- What write-back reads: a schema with the people and the appointments that a company keeps of its own.
CREATE SCHEMA crm;

CREATE TABLE crm.candidates (
    candidate_id integer PRIMARY KEY,
    given_name text NOT NULL,
    family_name text NOT NULL,
    email text,
    phone text,
    city text
);

CREATE TABLE crm.interviews (
    interview_id integer PRIMARY KEY,
    candidate_id integer NOT NULL REFERENCES crm.candidates,
    starts_at timestamptz NOT NULL,
    time_zone text NOT NULL,
    kind text NOT NULL,
    recruiter_id text NOT NULL,
    place text
);

INSERT INTO crm.candidates VALUES
    (1, 'Ada', 'Lovelace', 'ada@example.com', '+12125550123', 'London'),
    (2, 'Zoë', 'Müller', 'zoe@example.com', NULL, 'Köln'),
    (3, 'Kim', 'Lee', NULL, '+13055550123', NULL);

INSERT INTO crm.interviews VALUES
    (10, 1, '2026-12-01 10:00+01', 'Europe/Berlin', 'phone', 'b2e7a1d94c3f4a8eb6d05c1f9a7e2d45', NULL),
    (11, 3, '2026-12-02 15:30-05', 'America/New_York', 'in-person', 'b2e7a1d94c3f4a8eb6d05c1f9a7e2d45', 'Room 5');
