-- The scheduler looks for insights that nobody has annotated.
CREATE INDEX productinsight_annotation ON product_insight (annotation);
