-- The tables of upstream that the miniature uses, with the columns it uses.
CREATE TABLE product_insight (
  id uuid PRIMARY KEY,
  barcode varchar(100) NOT NULL,
  type varchar(256) NOT NULL,
  data jsonb NOT NULL DEFAULT '{}',
  timestamp timestamp NOT NULL DEFAULT now(),
  completed_at timestamp,
  annotation integer,
  n_votes integer NOT NULL DEFAULT 0,
  value_tag text,
  value text,
  source_image text,
  automatic_processing boolean NOT NULL DEFAULT false,
  process_after timestamp,
  server_type varchar(10) DEFAULT 'off',
  predictor varchar(100),
  confidence real
);
CREATE INDEX productinsight_barcode ON product_insight (barcode);

CREATE TABLE prediction (
  id serial PRIMARY KEY,
  barcode varchar(100) NOT NULL,
  type varchar(256) NOT NULL,
  data jsonb NOT NULL,
  timestamp timestamp NOT NULL DEFAULT now(),
  server_type varchar(10) DEFAULT 'off'
);
CREATE INDEX prediction_barcode ON prediction (barcode);

CREATE TABLE image (
  id serial PRIMARY KEY,
  barcode varchar(100) NOT NULL,
  uploaded_at timestamp NOT NULL DEFAULT now(),
  image_id varchar(50) NOT NULL,
  source_image text NOT NULL,
  deleted boolean NOT NULL DEFAULT false
);

CREATE TABLE image_prediction (
  id serial PRIMARY KEY,
  type varchar(256) NOT NULL,
  model_name varchar(100) NOT NULL,
  model_version varchar(256) NOT NULL,
  data jsonb NOT NULL,
  timestamp timestamp NOT NULL DEFAULT now(),
  image_id integer NOT NULL REFERENCES image (id),
  max_confidence real
);
