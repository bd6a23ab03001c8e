"""The milestone's KPI 1.1 to 1.4, measured by command: `perpdesk-cli kpi`."""
