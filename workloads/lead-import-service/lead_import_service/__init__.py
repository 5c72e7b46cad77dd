"""Leads from CSV and XLSX files."""
