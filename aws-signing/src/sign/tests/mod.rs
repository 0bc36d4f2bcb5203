mod oracle;
mod s3_examples;
mod vectors;
